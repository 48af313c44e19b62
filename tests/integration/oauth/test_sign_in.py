"""Signing in with accounts elsewhere: a hub with the configuration as it is rendered, and providers that answer."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from tests.browser_without_scripts import Browser, Page
from tests.integration.oauth.conftest import SECRET, Campus
from tests.providers import Account, LyingOpenID, new_key

OUT_SECONDS = 300.0
NUMBER = re.compile(r"administrator this number: (\d{5})")


def begin(campus: Campus, browser: Browser, way: str, next_url: str = "/hub/token") -> Page:
    """Where a browser is sent to sign in; it does not go there yet."""
    found = browser.ask(f"{campus.hub.url}/hub/oauth/{way}/login?next={next_url}")
    assert found.status == 302, found.text
    return found


def back(campus: Campus, browser: Browser, way: str, next_url: str = "/hub/token") -> str:
    """The address at the hub that a provider sends a browser back to, not opened yet."""
    page = browser.follow(begin(campus, browser, way, next_url), until=f"{campus.hub.url}/hub/oauth")
    return page.location


def agree(campus: Campus, browser: Browser, sub: str, next_url: str = "/hub/token") -> Page:
    """Sign in at the university as somebody."""
    form = begin(campus, browser, "oidc", next_url)
    assert form.location.startswith(campus.oidc.url)
    return browser.follow(browser.ask(form.location, {"sub": sub}))


def who_is(campus: Campus, browser: Browser) -> str:
    """The user that a browser is signed in as; empty where it is not."""
    page = browser.open(f"{campus.hub.url}/hub/home")
    found = re.search(r'user: "([^"]*)"', page.text)
    return found[1] if found and "/hub/login" not in page.url else ""


def groups_of(campus: Campus, name: str) -> set[str]:
    """The hub's groups of a user."""
    with sqlite3.connect(campus.hub.directory / "hub.sqlite") as db:
        rows = db.execute(
            "select groups.name from groups join user_group_map on groups.id = group_id"
            " join users on users.id = user_id where users.name = ?",
            (name,),
        )
        return {group for (group,) in rows}


def until(holds: Callable[[], bool]) -> None:
    """Wait for what must come."""
    ends = time.monotonic() + OUT_SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.2)


# --- With a real provider ---


def test_somebody_signs_in_with_their_account(campus: Campus) -> None:
    """Out by the button, back to the page that was wanted, under their name, in their groups."""
    campus.oidc.set_claims("ada-1", preferred_username="Ada", groups=["physics", "chess"])
    browser = Browser()
    login = browser.open(f"{campus.hub.url}/hub/login?next=/hub/token")
    assert "The university" in login.text
    assert "/hub/oauth/oidc/login?next=" in login.text
    page = agree(campus, browser, "ada-1")
    assert page.url == f"{campus.hub.url}/hub/token"
    assert who_is(campus, browser) == "ada"
    assert groups_of(campus, "ada") == {"oidc-physics"}


def test_who_is_in_no_allowed_group_is_refused_with_a_number(campus: Campus) -> None:
    """The person is told a number; the reason is kept under it."""
    campus.oidc.set_claims("carl-1", preferred_username="carl", groups=["chess"])
    browser = Browser()
    page = agree(campus, browser, "carl-1")
    assert page.status == 403
    assert NUMBER.search(page.text)
    assert who_is(campus, browser) == ""


def test_who_leaves_the_group_is_out(campus: Campus) -> None:
    """Taken out at the provider, a person's session ends by itself."""
    campus.oidc.set_claims("dora-1", preferred_username="dora", groups=["physics"])
    browser = Browser()
    agree(campus, browser, "dora-1")
    assert who_is(campus, browser) == "dora"
    campus.oidc.set_claims("dora-1", preferred_username="dora", groups=[])
    until(lambda: who_is(campus, browser) == "")
    campus.oidc.set_claims("dora-1", preferred_username="dora", groups=["physics"])
    agree(campus, browser, "dora-1")
    assert who_is(campus, browser) == "dora"


def test_who_is_revoked_at_the_provider_is_out(campus: Campus) -> None:
    """Their tokens are worth nothing there any more, so their session here is not."""
    campus.oidc.set_claims("emil-1", preferred_username="emil", groups=["physics"])
    browser = Browser()
    agree(campus, browser, "emil-1")
    campus.oidc.revoke("emil-1")
    until(lambda: who_is(campus, browser) == "")


def test_signing_out_leads_to_the_provider(campus: Campus) -> None:
    """The session at the provider ends, too, and the way back is the hub's sign-in page."""
    campus.oidc.set_claims("fritz-1", preferred_username="fritz", groups=["physics"])
    browser = Browser()
    agree(campus, browser, "fritz-1")
    page = browser.ask(f"{campus.hub.url}/hub/logout")
    assert page.location.startswith(f"{campus.oidc.url}/oauth2/end_session?")
    assert "id_token_hint=" in page.location
    assert who_is(campus, browser) == ""


def test_a_provider_that_is_down_throws_nobody_out_and_stops_no_start(campus: Campus) -> None:
    """Whoever works goes on, and the hub restarts without it. Who is at another provider meanwhile comes back as if
    nothing had been."""
    campus.oidc.set_claims("gina-1", preferred_username="gina", groups=["physics"])
    browser = Browser()
    agree(campus, browser, "gina-1")
    campus.oidc.end()
    try:
        asked = campus.hub.log.count("cannot say whether gina may stay")
        until(lambda: campus.hub.log.count("cannot say whether gina may stay") > asked)
        assert who_is(campus, browser) == "gina"
        other = Browser()
        campus.gitlab.who = Account(41, "karl")
        address = back(campus, other, "gitlab")
        campus.hub.end()
        campus.hub.start()
        assert who_is(campus, browser) == "gina"
        assert other.open(address).url == f"{campus.hub.url}/hub/token"
        assert who_is(campus, other) == "karl"
        told = Browser().ask(f"{campus.hub.url}/hub/oauth/oidc/login")
        assert told.status == 502
        assert "does not answer" in told.text
    finally:
        campus.oidc.start()


# --- With GitHub and GitLab ---


def test_members_of_an_organization_sign_in(campus: Campus) -> None:
    """A member of an organization that is admitted signs in; somebody else is refused."""
    campus.github.who = Account(11, "hanna", {"lab"})
    browser = Browser()
    assert browser.open(back(campus, browser, "github")).url == f"{campus.hub.url}/hub/token"
    assert who_is(campus, browser) == "hanna"
    assert groups_of(campus, "hanna") == {"github-lab"}
    campus.github.who = Account(12, "ivan")
    stranger = Browser()
    assert stranger.open(back(campus, stranger, "github")).status == 403


def test_a_login_that_is_somebody_elses_now_is_another_user(campus: Campus) -> None:
    """Names of one provider, and of two, never meet in one user."""
    names = []
    for way, number in (("github", 21), ("github", 22), ("gitlab", 21)):
        provider = campus.github if way == "github" else campus.gitlab
        provider.who = Account(number, "jana", {"lab"})
        browser = Browser()
        browser.open(back(campus, browser, way))
        names.append(who_is(campus, browser))
    assert names[0] == "jana"
    assert len(set(names)) == 3
    assert all(name.startswith("jana") for name in names)


def test_the_administrators_name_is_nobodys_to_take(campus: Campus) -> None:
    """Somebody who is called `admin` elsewhere is somebody else here."""
    campus.gitlab.who = Account(31, "admin")
    browser = Browser()
    browser.open(back(campus, browser, "gitlab"))
    assert who_is(campus, browser) not in ("", "admin")


def test_two_tabs_both_arrive(campus: Campus) -> None:
    """Sign-ins that go on side by side do not end each other, whichever comes back first."""
    campus.gitlab.who = Account(51, "lena")
    browser = Browser()
    first = back(campus, browser, "gitlab", "/hub/home")
    second = back(campus, browser, "gitlab", "/hub/token")
    assert browser.open(second).url == f"{campus.hub.url}/hub/token"
    assert browser.open(first).url == f"{campus.hub.url}/hub/home"


@pytest.mark.parametrize(("site", "status"), [("same-origin", 200), ("none", 200), ("cross-site", 302)])
def test_who_began_here_goes_on_from_here(campus: Campus, site: str, status: int) -> None:
    """Browsers take what follows a redirect from a provider for a visit from there, and the hub asks such visitors
    before it starts a lab. Whoever began on the hub's own page goes on from one; whom a link of another website sent
    to the provider is asked."""
    campus.gitlab.who = Account(55, "mila")
    browser = Browser()
    began = browser.ask(f"{campus.hub.url}/hub/oauth/gitlab/login?next=/hub/spawn", headers={"Sec-Fetch-Site": site})
    page = browser.ask(browser.follow(began, until=f"{campus.hub.url}/hub/oauth").location)
    assert page.status == status
    assert page.location == f"{campus.hub.url}/hub/spawn"


# --- Attacks ---


def refused(page: Page, status: int) -> None:
    """An answer is a refusal, and gives nobody a session."""
    assert page.status == status, page.text
    assert not [cookie for cookie in page.cookies if cookie.startswith("jupyterhub-hub-login=") and '=""' not in cookie]


def test_a_stolen_state_signs_nobody_in(campus: Campus) -> None:
    """Whose link leads a victim to the attacker's account finds that the victim's browser began no such sign-in; and a
    code that was seen on the way is worth nothing in another browser."""
    attacker, victim = Browser(), Browser()
    address = back(campus, attacker, "gitlab")
    refused(victim.ask(address), 400)
    own = back(campus, victim, "gitlab")
    code = re.search(r"code=([^&]+)", address)
    assert code
    refused(victim.ask(re.sub(r"code=[^&]+", f"code={code[1]}", own)), 403)
    refused(victim.ask(own.split("?")[0]), 400)
    refused(victim.ask(f"{own.split('?')[0]}?code=a&state=made-up"), 400)


def test_a_replay_signs_nobody_in(campus: Campus) -> None:
    """The same address a second time is refused, also in the same browser."""
    campus.gitlab.who = Account(61, "mona")
    browser = Browser()
    address = back(campus, browser, "gitlab")
    cookies = [cookie for cookie in browser.jar if cookie.name.startswith("homeroom-oauth-")]
    assert browser.ask(address).status == 302
    for cookie in cookies:
        browser.jar.set_cookie(cookie)
    refused(browser.ask(address), 400)


def test_the_state_of_one_way_ends_none_of_another(campus: Campus) -> None:
    """A provider does not vouch in another's name."""
    browser = Browser()
    refused(browser.ask(back(campus, browser, "gitlab").replace("/gitlab/", "/github/")), 400)
    address = back(campus, browser, "okta")
    refused(browser.ask(f"{address}&iss=https%3A%2F%2Fevil.example"), 403)


def test_cookies_are_the_hubs_alone(campus: Campus) -> None:
    """The cookie of a sign-in is hidden from scripts and other paths, comes along only by a link, and ends soon."""
    (cookie,) = [
        cookie for cookie in begin(campus, Browser(), "gitlab").cookies if cookie.startswith("homeroom-oauth-")
    ]
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/", "max-age=600"} <= parts


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "%2F%2Fevil.example",
        "http:evil.example",
        "https:///evil.example",
        "/hub/../..//evil.example",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_led_elsewhere(campus: Campus, target: str) -> None:
    """However a link is written, a sign-in ends at the hub."""
    campus.gitlab.who = Account(71, "nora")
    browser = Browser()
    page = browser.ask(back(campus, browser, "gitlab", target))
    assert page.status == 302
    assert page.location.startswith(f"{campus.hub.url}/")


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded"])
def test_the_way_back_follows_the_settings(campus: Campus, header: str) -> None:
    """No header of a request says where the provider sends people to."""
    value = {"X-Forwarded-Proto": "https", "Forwarded": "host=evil.example;proto=https"}.get(header, "evil.example")
    page = Browser().ask(f"{campus.hub.url}/hub/oauth/gitlab/login", headers={header: value})
    assert f"redirect_uri={campus.hub.url.replace(':', '%3A').replace('/', '%2F')}%2Fhub%2Foauth" in page.location


Forge = Callable[[LyingOpenID, dict[str, Any]], str]


@pytest.mark.parametrize(
    "forge",
    [
        lambda _, claims: jwt.encode(claims, "", algorithm="none"),
        lambda _, claims: jwt.encode(claims, SECRET * 2, algorithm="HS256", headers={"kid": "one"}),
        lambda provider, claims: provider.signed(claims, key=new_key()),
        lambda provider, claims: provider.signed(claims, kid="unknown"),
        lambda provider, claims: provider.signed({**claims, "nonce": "replayed"}),
        lambda provider, claims: provider.signed({**claims, "aud": "another-hub"}),
        lambda provider, claims: provider.signed({**claims, "iss": "https://evil.example"}),
        lambda provider, claims: provider.signed({**claims, "azp": "another-hub"}),
        lambda provider, claims: provider.signed({**claims, "exp": time.time() - 3600}),
        lambda *_: "",
    ],
    ids=["none", "HS256", "other key", "unknown key", "nonce", "aud", "iss", "azp", "expired", "no token"],
)
def test_a_forged_token_signs_nobody_in(campus: Campus, forge: Forge) -> None:
    """Refused, with a number, and the reason in the log; the honest one after it is let in."""
    campus.okta.sign = lambda claims: forge(campus.okta, claims)
    browser = Browser()
    page = browser.ask(back(campus, browser, "okta"))
    refused(page, 403)
    assert NUMBER.search(page.text)
    campus.okta.sign = campus.okta.signed
    assert browser.ask(back(campus, browser, "okta")).status == 302


def test_who_says_no_at_the_provider_is_told_so(campus: Campus) -> None:
    """An error of the provider's is a sentence, and nothing that it says stands on the page."""
    browser = Browser()
    address = re.sub(r"code=[^&]+", "error=access_denied&error_description=<b>evil</b>", back(campus, browser, "okta"))
    page = browser.ask(address)
    refused(page, 403)
    assert "did not agree" in page.text
    assert "evil" not in page.text


def test_a_provider_that_hangs_costs_nobody_else_anything(campus: Campus) -> None:
    """While many wait for one provider, the hub answers others, and they sign in by other ways."""
    browsers = [Browser() for _ in range(20)]
    addresses = [back(campus, browser, "okta") for browser in browsers]
    campus.okta.pause = threading.Event()
    answers: list[int] = []
    waiting = [
        threading.Thread(target=lambda one=browser, url=url: answers.append(one.ask(url).status))
        for browser, url in zip(browsers, addresses, strict=True)
    ]
    for one in waiting:
        one.start()
    until(lambda: campus.okta.paths().count("/token") >= 20)
    campus.gitlab.who = Account(81, "olga")
    other = Browser()
    other.open(back(campus, other, "gitlab"))
    assert who_is(campus, other) == "olga"
    assert answers == []
    campus.okta.pause.set()
    for one in waiting:
        one.join()
    assert answers == [302] * 20


def test_what_providers_give_is_in_no_log_and_sealed_in_the_database(campus: Campus) -> None:
    """Neither a secret nor a token is written where others read it."""
    campus.gitlab.who = Account(91, "paul")
    browser = Browser()
    browser.open(back(campus, browser, "gitlab"))
    tokens = [token for token, who in campus.gitlab.tokens.items() if who.login == "paul"]
    assert tokens
    refused(browser.ask(f"{campus.hub.url}/hub/oauth/gitlab/callback?code=code-on-the-way&state=s"), 400)
    assert "code-on-the-way" not in campus.hub.log
    kept = b"".join(path.read_bytes() for path in campus.hub.directory.glob("*") if path.is_file())
    assert [secret for secret in (SECRET, *tokens) if secret.encode() in kept] == []
