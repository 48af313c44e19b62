"""A hub process and a learning platform: launches, and what tries to pass for one."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from typing import Any

import jwt
import pytest
import requests
from homeroom.lti.claims import CLAIM, CONTENT_ITEMS, DEEP_LINK_DATA, DEEP_LINKING_SETTINGS, MESSAGE_TYPE

from generator.core.paths import ROOT
from tests import lti_consumer
from tests.lti_hub import Browser, LTIHub, refusals, sent
from tests.lti_platform import (
    CLIENT_ID,
    MEMBERSHIP,
    LearningPlatform,
    Person,
    claims_of,
    learning_platform,
    new_key,
    token,
)


@pytest.fixture(autouse=True)
def newcomer(school: LearningPlatform) -> Person:
    """At the platform sits somebody whom the hub does not know yet."""
    number = time.monotonic_ns()
    school.person = Person(sub=str(number), email=f"u{number}@school.example")
    return school.person


def row(hub: LTIHub, person: Person) -> dict[str, Any]:
    """What the hub keeps of a person."""
    with closing(sqlite3.connect(hub.database)) as database:
        database.row_factory = sqlite3.Row
        query = "SELECT * FROM homeroom_identities WHERE subject LIKE ?"
        return dict(database.execute(query, (f"% {person.sub}",)).fetchone())


def test_a_launch_signs_in(hub: LTIHub, school: LearningPlatform, newcomer: Person) -> None:
    """Whom a platform vouches for is signed in under a name that people can read, with the groups of the course, and
    led to what the course's link is for."""
    browser = Browser(hub)
    answer = browser.sign_in(school, {CLAIM + "target_link_uri": f"{hub.url}hub/home"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/hub/home"), answer.text
    assert browser.is_signed_in
    kept = row(hub, newcomer)
    assert kept["way"] == "lti:school"
    assert kept["name"] == newcomer.email.partition("@")[0]
    assert (kept["display_name"], kept["email"], kept["locale"]) == ("Ada Lovelace", newcomer.email, "de")
    assert json.loads(kept["groups"]) == ["lti-school-12-student"]


@pytest.mark.parametrize(("accepts", "told"), [("", "de"), ("fr", "de"), ("en-GB,en", "en")])
def test_the_platform_says_the_language_where_the_browser_does_not(
    hub: LTIHub, school: LearningPlatform, accepts: str, told: str
) -> None:
    """Who comes from a course that is in German reads German, unless their browser asks for a language that there
    is."""
    browser = Browser(hub)
    browser.web.headers["Accept-Language"] = accepts
    browser.sign_in(school, {CLAIM + "target_link_uri": f"{hub.url}hub/home"})
    assert f'<html lang="{told}">' in browser.request("GET", "hub/home").text


def test_the_cookie_of_a_launch(hub: LTIHub, school: LearningPlatform) -> None:
    """Today's browsers send it with the form of another site, also when somebody took long to sign in there."""
    begun = Browser(hub).begin(school.login())
    (header,) = [each for each in begun.raw.headers.getlist("Set-Cookie") if each.startswith("lti-")]
    assert header.startswith(f"lti-{sent(begun)['state'][:16]}=")
    parts = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"httponly", "secure", "samesite=none", "max-age=600", "path=/"} <= parts
    assert sent(begun)["redirect_uri"] == f"{hub.url}hub/lti13/oauth_callback"


def test_what_a_request_says_of_its_host_is_not_believed(hub: LTIHub, school: LearningPlatform) -> None:
    """Nobody has a platform send a launch elsewhere, or configured so, by a header."""
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    begun = Browser(hub).begin(school.login(), **headers)
    assert sent(begun)["redirect_uri"] == f"{hub.url}hub/lti13/oauth_callback"
    config = requests.get(f"{hub.url}hub/lti13/config", headers=headers, timeout=30)
    assert "evil" not in config.text
    assert config.json()["public_jwk_url"] == f"{hub.url}hub/lti13/jwks"


def test_any_number_of_tabs(hub: LTIHub, school: LearningPlatform) -> None:
    """Launches that were begun in several tabs all arrive, in any order."""
    browser = Browser(hub)
    begun = [browser.begin(school.login()) for _ in range(4)]
    answers = [browser.launch(school.launch(sent(each))) for each in reversed(begun)]
    assert [each.status_code for each in answers] == [302] * 4


FORGERIES: dict[str, tuple[dict[str, Any], str]] = {
    "audience": ({"aud": "another"}, "wrong-audience"),
    "azp": ({"azp": "another"}, "wrong-azp"),
    "deployment": ({CLAIM + "deployment_id": "99"}, "unknown-deployment"),
    "no deployment": ({CLAIM + "deployment_id": ""}, "unknown-deployment"),
    "nonce": ({"nonce": "another"}, "wrong-nonce"),
    "expired": ({"iat": 1_700_000_000, "exp": 1_700_000_060}, "expired"),
    "issuer": ({"iss": "https://evil.example"}, "wrong-issuer"),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_what_is_not_this_launch_is_refused_and_kept(hub: LTIHub, school: LearningPlatform, what: str) -> None:
    """What a platform signed for somebody else, somewhere else or at another time signs nobody in, the person is told
    a number, and the operator can look up the reason."""
    more, reason = FORGERIES[what]
    browser = Browser(hub)
    begun = browser.begin(school.login())
    claims = claims_of(school.url, sent(begun)["nonce"], school.person, **more)
    answer = browser.launch({"state": sent(begun)["state"], "id_token": token(school.key, claims)})
    assert answer.status_code == 403
    assert re.search(r"number: \d{5}", answer.text), answer.text
    assert reason in refusals(hub)
    assert not browser.is_signed_in


@pytest.mark.parametrize("algorithm", ["none", "HS256", "unknown key"])
def test_what_the_platform_did_not_sign_is_refused(hub: LTIHub, school: LearningPlatform, algorithm: str) -> None:
    """Unsigned tokens, such that are signed by a secret of the sender's own choice, and foreign keys sign nobody in."""
    browser = Browser(hub)
    begun = browser.begin(school.login())
    claims = claims_of(school.url, sent(begun)["nonce"], school.person)
    made = {
        "none": lambda: jwt.encode(claims, "", "none"),
        "HS256": lambda: jwt.encode(claims, "s" * 64, "HS256", headers={"kid": "first"}),
        "unknown key": lambda: token(new_key("unknown"), claims),
    }[algorithm]()
    answer = browser.launch({"state": sent(begun)["state"], "id_token": made})
    assert answer.status_code == 403
    assert not browser.is_signed_in
    assert {"wrong-algorithm", "unknown-key"} & set(refusals(hub))


def test_a_replay_is_refused(hub: LTIHub, school: LearningPlatform) -> None:
    """A launch that was taken is worth nothing, to whoever has it with all cookies."""
    browser = Browser(hub)
    begun = browser.begin(school.login())
    cookies = dict(browser.cookies)
    form = school.launch(sent(begun))
    assert browser.launch(form).status_code == 302
    thief = Browser(hub)
    thief.cookies = cookies
    assert thief.launch(form).status_code == 403
    assert "replayed" in refusals(hub)
    assert not thief.is_signed_in


def test_a_stolen_state_is_refused(hub: LTIHub, school: LearningPlatform) -> None:
    """Nobody is signed in as somebody else by a launch that was begun in another browser, nor by a form that another
    website sends of itself; and the person's own launch still arrives."""
    attacker, victim = Browser(hub), Browser(hub)
    stolen = school.launch(sent(attacker.begin(school.login())))
    assert victim.launch(stolen).status_code == 403
    victim.begin(school.login())
    victim.cookies = {f"lti-{stolen['state'][:16]}": next(iter(victim.cookies.values()))}
    assert victim.launch(stolen).status_code == 403
    assert {"cookie-lost", "stolen-state"} <= set(refusals(hub))
    assert attacker.launch(stolen).status_code == 302


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"iss": "https://evil.example"}, 403),
        ({"client_id": "another"}, 403),
        ({"login_hint": ""}, 400),
        ({"iss": ""}, 400),
        ({"target_link_uri": ""}, 400),
    ],
)
def test_a_login_of_nobody_is_refused(hub: LTIHub, school: LearningPlatform, more: dict[str, str], status: int) -> None:
    """Who is none of the platforms, or says too little, is led nowhere."""
    assert Browser(hub).begin(school.login(**more)).status_code == status


def test_oversized_and_doubled_forms_are_refused(hub: LTIHub, school: LearningPlatform) -> None:
    """No form that is larger than any launch is read, and none that says something twice."""
    browser = Browser(hub)
    assert browser.begin(school.login(lti_message_hint="x" * 200_000)).status_code == 413
    doubled = [*school.login().items(), ("iss", "https://evil.example")]
    assert browser.request("POST", "hub/lti13/oauth_login", data=doubled).status_code == 400
    assert browser.begin(school.login()).status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "https://localhost@evil.example/"]
)
def test_a_launch_leads_to_no_other_site(hub: LTIHub, school: LearningPlatform, target: str) -> None:
    """A target of another site's leads to the person's lab, as without one."""
    answer = Browser(hub).sign_in(school, {CLAIM + "target_link_uri": target}, school.login(target_link_uri=target))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/hub/")


def test_people_are_their_subjects(hub: LTIHub, school: LearningPlatform) -> None:
    """Two subjects that differ in one letter's case are two people with two names, whatever else is the same, and a
    changed e-mail address makes nobody somebody else."""
    same = "twin@school.example"
    people = [Person(sub="AbC", email=same), Person(sub="aBc", email=same), Person(sub="AbC", email="new@x.example")]
    for each in people:
        school.person = each
        assert Browser(hub).sign_in(school).status_code == 302
    with closing(sqlite3.connect(hub.database)) as database:
        query = "SELECT subject, name FROM homeroom_identities WHERE subject LIKE '% abc'"
        found = dict(database.execute(query))
    assert len(found) == len(set(found.values())) == 2


def test_within_a_frame_a_button_opens_a_window(hub: LTIHub, school: LearningPlatform) -> None:
    """A login within a frame is answered by a page that any course may show, with the same login behind a button."""
    answer = Browser(hub).begin(school.login(lti_message_hint='"><script>'), **{"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 200
    assert 'target="_blank"' in answer.text
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "<script>" not in answer.text
    assert "Set-Cookie" not in answer.headers or "lti-" not in answer.headers["Set-Cookie"]


def test_a_key_server_that_hangs_costs_others_nothing(
    hub: LTIHub, school: LearningPlatform, slow: LearningPlatform
) -> None:
    """While a platform's key server does not answer, and somebody waits for it, the hub answers everybody else."""
    released = threading.Event()
    slow.delay = released.wait
    waiting = Browser(hub)
    form = slow.launch(sent(waiting.begin(slow.login())))
    answers: list[requests.Response] = []
    thread = threading.Thread(target=lambda: answers.append(waiting.launch(form)))
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not slow.key_requests:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert Browser(hub).sign_in(school).status_code == 302
    finally:
        released.set()
        thread.join()
    assert answers[0].status_code in (302, 503)  # 503: on a busy machine the hub may have waited no longer


def test_a_launch_outlives_a_restart(hub: LTIHub, school: LearningPlatform) -> None:
    """A launch that was begun before the hub was restarted arrives after it, once; and one of LTI 1.1 that was used
    before it is not taken after it."""
    browser = Browser(hub)
    used = lti_consumer.signed(f"{hub.url}hub/lti/launch", lti_consumer.moodle())
    assert browser.request("POST", "hub/lti/launch", data=used).status_code == 302
    form = school.launch(sent(browser.begin(school.login())))
    hub.restart()
    assert Browser(hub).request("POST", "hub/lti/launch", data=used).status_code == 403
    assert browser.launch(form).status_code == 302
    assert browser.launch(form).status_code == 403


def invited(hub: LTIHub, name: str) -> str:
    """The token that `make lti-register` prints."""
    return str(service(hub, "invite", name)["token"])


def service(hub: LTIHub, *arguments: str) -> dict[str, Any]:
    """What the verbs ask of the hub."""
    command = [sys.executable, "-m", "homeroom.lti.service", f"--database={hub.database}", "--", *arguments]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "jupyterhub")}, capture_output=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_one_address_sets_up_both_sides(hub: LTIHub) -> None:
    """A platform that opens the printed address registers by itself, is told all it needs, and its people come in; the
    address works once. What comes of it is seen, and can be taken back."""
    with learning_platform() as fresh:
        fresh.person = Person(sub="77", email="registered@school.example")
        token_ = invited(hub, "fresh")
        query = {
            "token": token_,
            "openid_configuration": f"{fresh.url}/.well-known/openid-configuration",
            "registration_token": "the platform's",
        }
        answer = requests.get(f"{hub.url}hub/lti13/register", params=query, timeout=60)
        assert answer.status_code == 200, answer.text
        assert "org.imsglobal.lti.close" in answer.text
        (asked,) = fresh.registered
        assert asked["initiate_login_uri"] == f"{hub.url}hub/lti13/oauth_login"
        assert asked["jwks_uri"] == f"{hub.url}hub/lti13/jwks"
        assert asked["authorization"] == "Bearer the platform's"
        assert requests.get(f"{hub.url}hub/lti13/register", params=query, timeout=60).status_code == 403
        assert Browser(hub).sign_in(fresh).status_code == 302
        assert service(hub, "list")["platforms"]["fresh"]["allowed"] == ["1"]

        elsewhere = Browser(hub).sign_in(fresh, {CLAIM + "deployment_id": "2"})
        assert elsewhere.status_code == 403
        assert service(hub, "list")["platforms"]["fresh"]["waiting"] == ["2"]
        assert service(hub, "allow", "fresh", "2")["done"]
        assert Browser(hub).sign_in(fresh, {CLAIM + "deployment_id": "2"}).status_code == 302

        assert service(hub, "remove", "fresh")["done"]
        assert Browser(hub).begin(fresh.login()).status_code == 403


def test_a_registration_that_came_to_nothing_can_be_tried_again(hub: LTIHub) -> None:
    """A platform that speaks for another one, or by an address that others can read, or under the name of one that
    site/lti.yaml has, is not registered; the printed address stays good. Without it nobody has the hub ask anything
    anywhere."""
    with learning_platform() as fresh:
        honest = fresh.configuration
        fresh.configuration = lambda: {**honest(), "issuer": "https://moodle.example"}  # type: ignore[method-assign]
        address = f"{hub.url}hub/lti13/register"
        query = {
            "token": invited(hub, "again"),
            "openid_configuration": f"{fresh.url}/.well-known/openid-configuration",
        }
        assert requests.get(address, params=query, timeout=60).status_code == 400
        plain = {**query, "openid_configuration": "http://moodle.example/"}
        assert requests.get(address, params=plain, timeout=60).status_code == 400
        assert requests.get(address, params={**query, "token": "guessed"}, timeout=60).status_code == 403
        fresh.configuration = honest  # type: ignore[method-assign]
        for name in ("school", lti_consumer.NAME):
            assert requests.get(address, params={**query, "token": invited(hub, name)}, timeout=60).status_code == 400
        assert fresh.registered == []
        assert requests.get(address, params=query, timeout=60).status_code == 200


def deep(school: LearningPlatform, **more: Any) -> dict[str, Any]:
    """The claims of a request for links."""
    settings = {
        "deep_link_return_url": f"{school.url}/return",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["window"],
        "data": "sealed",
    }
    return {
        MESSAGE_TYPE: "LtiDeepLinkingRequest",
        CLAIM + "resource_link": None,
        DEEP_LINKING_SETTINGS: {**settings, **more},
    }


def chosen(browser: Browser, page: str, **fields: str) -> requests.Response:
    """Send the form of the page on which a teacher chooses."""
    path = page.removeprefix("/")
    form = browser.request("GET", path)
    assert form.ok, form.text
    found = re.search(r'name="_xsrf" value="([^"]+)"', form.text)
    assert found
    return browser.request("POST", path, data={**fields, "_xsrf": found[1]})


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"kind": "notebook", "where": "week1/a b.ipynb"}, "hub/user-redirect/lab/tree/week1/a%20b.ipynb"),
        ({"kind": "folder", "where": "week1"}, "hub/user-redirect/lab/tree/week1"),
    ],
)
def test_a_teacher_chooses_what_a_link_opens(
    hub: LTIHub, school: LearningPlatform, newcomer: Person, fields: dict[str, str], address: str
) -> None:
    """The platform gets the link that was chosen, signed by a key of the hub's set, with what it sent along; and the
    link, launched, leads there."""
    newcomer.roles = [f"{MEMBERSHIP}#Instructor"]
    browser = Browser(hub)
    launched = browser.sign_in(school, deep(school))
    assert launched.status_code == 302, launched.text
    page = launched.headers["Location"]
    answer = chosen(browser, page, title="Week one", **fields)
    found = re.search(r'name="JWT" value="([^"]+)"', answer.text)
    assert found, answer.text
    assert f'action="{school.url}/return"' in answer.text
    keys = jwt.PyJWKSet.from_dict(requests.get(f"{hub.url}hub/lti13/jwks", timeout=30).json())
    key = keys[jwt.get_unverified_header(found[1])["kid"]].key
    claims = jwt.decode(found[1], key, ["RS256"], audience=school.url, issuer=CLIENT_ID)
    assert claims[DEEP_LINK_DATA] == "sealed"
    (item,) = claims[CONTENT_ITEMS]
    assert (item["type"], item["title"], item["url"]) == ("ltiResourceLink", "Week one", f"{hub.url}{address}")
    student = Browser(hub)
    school.person = Person(sub=f"{newcomer.sub}9")
    led = student.sign_in(school, {CLAIM + "custom": item["custom"]})
    assert led.headers["Location"] == f"/{address}"
    assert browser.request("GET", page.removeprefix("/")).status_code == 404


def test_links_are_chosen_by_teachers_and_sent_to_safe_addresses(
    hub: LTIHub, school: LearningPlatform, newcomer: Person
) -> None:
    """A student chooses nothing, a choice leads out of no lab, goes to no address that others can read, and is
    nobody's but the teacher's."""
    assert Browser(hub).sign_in(school, deep(school)).status_code == 403
    newcomer.roles = [f"{MEMBERSHIP}#Instructor"]
    unsafe = deep(school, deep_link_return_url="javascript:alert(1)")
    assert Browser(hub).sign_in(school, unsafe).status_code == 403
    teacher = Browser(hub)
    page = teacher.sign_in(school, deep(school)).headers["Location"]
    assert chosen(teacher, page, kind="notebook", where="../../secret").status_code == 400
    other = Browser(hub)
    school.person = Person(sub=f"{newcomer.sub}7", roles=newcomer.roles)
    other.sign_in(school)
    assert other.request("GET", page.removeprefix("/")).status_code == 404


def test_who_comes_to_the_hub_itself_is_told_where_a_launch_begins(hub: LTIHub, school: LearningPlatform) -> None:
    """The sign-in page leads to a page that names the platforms: a launch cannot begin here."""
    page = requests.get(f"{hub.url}hub/lti13/course", timeout=30)
    assert page.ok
    assert school.url in page.text
