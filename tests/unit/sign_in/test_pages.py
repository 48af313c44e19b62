"""The pages of signing in, linking and signing out, served by JupyterHub itself."""

from __future__ import annotations

import html
from collections.abc import Iterator
from functools import partial
from typing import Any

import bcrypt
import pytest
from homeroom.sign_in import reset_links
from homeroom.sign_in.passwords import hashed
from homeroom.sign_in.way import Identity
from nativeauthenticator.orm import UserInfo

from jupyterhub import orm
from tests.hub_app import Browser, HubApp
from tests.hub_config import loaded
from tests.sample_settings import TOKEN
from tests.unit.sign_in import source

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with accounts of its own, a directory and a campus. Tests have people of their own."""
    directory = tmp_path_factory.mktemp("hub")
    config = loaded(directory)
    here = source.__name__
    config.SignIn.ways |= {"directory": f"{here}.Directory", "campus": f"{here}.Campus"}
    config.SignIn.people_file = str(directory / "people.yaml")
    config.Directory.allow_all = True
    config.Campus.allow_all = False
    config.Campus.allowed_groups = {"campus-staff"}
    config.JupyterHub.template_vars |= {"several_ways": True}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        with HubApp(directory, config).running() as made:
            yield made


def account(app: HubApp, name: str) -> None:
    """Somebody has an account here."""

    def make() -> None:
        app.hub.db.add(UserInfo(username=name, password=hashed(PASSWORD), is_authorized=True))
        app.hub.db.commit()

    app.do(make)


def at_campus(app: HubApp, subject: str, name: str) -> None:
    """Somebody comes to be known at the campus."""
    app.hub.authenticator.opened["campus"].add(subject, name, "campus-staff", display_name=f"{name} of the campus")


def by_campus(app: HubApp, subject: str, name: str, browser: Browser | None = None) -> Browser:
    """Somebody signs in by the campus's page."""
    at_campus(app, subject, name)
    browser = browser or app.browser()
    assert browser.visit(f"campus/login?as={subject}").status_code == 200
    return browser


def user_of(app: HubApp, browser: Browser) -> str:
    """Whom the hub takes the person in front of a browser for."""
    told: str = browser.get(f"{app.address}/api/user", headers={"Referer": f"{app.address}/home"}).json()["name"]
    return told


def cookie_id(app: HubApp, name: str) -> str:
    """What sessions of a user are worth something by."""
    found: str = app.do(lambda: orm.User.find(app.hub.db, name).cookie_id)
    return found


def test_the_page_offers_each_way(app: HubApp) -> None:
    """A form for names and passwords, with a plain choice of whose, and a button a way; where somebody wanted to go
    goes with each, and nothing of it needs a script."""
    page = app.browser().visit("login?next=%2Fhub%2Ftoken").text
    assert '<input class="form-check-input" type="radio" name="way" id="way-native" value="native"' in page
    assert 'value="directory"' in page
    assert 'value="campus"' not in page
    assert "/hub/campus/login?next=%2Fhub%2Ftoken" in page
    assert "next=%2Fhub%2Ftoken" in page.partition("<form")[2].partition(">")[0]


def test_a_form_signs_in_by_the_way_that_it_names(app: HubApp) -> None:
    """The same name and password open the directory's door, and not that of the hub's own accounts."""
    app.hub.authenticator.opened["directory"].add("d1", "dora")
    browser = app.browser()
    refused = browser.sign_in("dora", "dora"[::-1])
    assert refused.status_code == 403
    assert "This username and password do not match" in refused.text
    assert browser.sign_in("dora", "dora"[::-1], "login?next=%2Fhub%2Ftoken", way="directory").url.endswith("/token")
    assert user_of(app, browser) == "dora"


def test_a_field_of_a_form_makes_nobody(app: HubApp) -> None:
    """What a page of a way vouches for cannot be typed."""
    browser = app.browser()
    answer = browser.sign_in("admin", "", way="campus", subject="d1", identity="d1")
    assert answer.status_code == 403
    assert not browser.is_signed_in


@pytest.mark.parametrize(
    ("accepts", "chosen", "told"), [("", "", "de"), ("en", "", "en"), ("fr,nl", "", "de"), ("fr", "en", "en")]
)
def test_a_source_says_the_language_where_nobody_else_does(app: HubApp, accepts: str, chosen: str, told: str) -> None:
    """What somebody chose here comes first, then their browser, then the language that the source of their sign-in
    says they read."""
    subject = f"l-{accepts}-{chosen}"
    person = {"display_name": "Liv", "locale": "de-AT"}
    app.hub.authenticator.opened["campus"].add(subject, f"liv{len(subject)}{told}", "campus-staff", **person)
    browser = app.browser()
    browser.headers["Accept-Language"] = accepts
    if chosen:
        browser.visit(f"homeroom/language/{chosen}", allow_redirects=False)
    assert f'<html lang="{told}">' in browser.visit(f"campus/login?as={subject}").text


def test_a_refusal_is_told_with_its_number(app: HubApp) -> None:
    """The form comes back with a sentence and a short number, and the choice that was made."""
    answer = app.browser().sign_in("anybody", "closed", way="directory")
    assert answer.status_code == 403
    assert "Your account is closed. If this is wrong, tell the administrator this number:" in answer.text
    assert 'value="directory"\n                 checked' in answer.text


def test_a_ways_page_tells_a_refusal(app: HubApp) -> None:
    """A page that finds a fault by itself shows the sentence and the number, and no error of ours."""
    answer = app.browser().visit("campus/login?as=nobody")
    assert answer.status_code == 403
    assert "This sign-in is not the campus&#39;s. If this is wrong, tell the administrator this number:" in answer.text


def test_a_source_that_is_away_is_a_sentence(app: HubApp) -> None:
    """Nobody sees a page of errors because a directory does not answer."""
    directory = app.hub.authenticator.opened["directory"]
    directory.away = True
    try:
        answer = app.browser().sign_in("dora", "dora"[::-1], way="directory")
    finally:
        directory.away = False
    assert answer.status_code == 502  # 503 has JupyterHub show the page of a lab that does not run
    assert "does not answer now. Please try again in a minute." in answer.text
    assert "Traceback" not in answer.text


def test_signing_out_goes_on_to_the_source(app: HubApp) -> None:
    """Who came by the campus is signed out there, too; who came by an account of the hub's own is not sent there."""
    browser = by_campus(app, "c1", "carol")
    answer = browser.visit("logout", allow_redirects=False, headers={"Sec-Fetch-Site": "none"})
    assert answer.headers["Location"] == "https://campus.example/logout?of=c1"
    assert not browser.is_signed_in
    account(app, "ann")
    browser = app.browser()
    assert browser.sign_in("ann", PASSWORD).status_code == 200
    answer = browser.visit("logout", allow_redirects=False, headers={"Sec-Fetch-Site": "none"})
    assert answer.headers["Location"].endswith("/hub/login")


def test_out_is_out_in_every_browser(app: HubApp) -> None:
    """Both browsers of somebody whom their source knows no more are strangers to the hub, by its own look."""
    first, second = by_campus(app, "c2", "olga"), by_campus(app, "c2", "olga")
    assert first.is_signed_in
    assert second.is_signed_in
    campus = app.hub.authenticator.opened["campus"]
    del campus.people["c2"]
    app.do(_let_ask_again, app, "olga")
    app.do(app.hub.authenticator.staying.look)
    assert not first.is_signed_in
    assert not second.is_signed_in
    assert first.get(f"{app.address}/api/user", timeout=30).status_code == 403


def _let_ask_again(app: HubApp, name: str) -> None:
    """As after a minute."""
    for known in app.hub.authenticator.admission.open_of(name):
        known.looked_at = 0
    app.hub.db.commit()


def test_two_sign_ins_are_linked_by_who_holds_both(app: HubApp) -> None:
    """Signed in by one, signed in by the other, and said so: from then on both lead to one user, in a browser that
    knows nothing of it, too."""
    account(app, "lena")
    at_campus(app, "c3", "lena.k")
    browser = app.browser()
    browser.sign_in("lena", PASSWORD)
    asked = browser.fill_in("link", way="campus")  # the campus page of the tests wants to be told who it is
    assert asked.status_code == 400
    page = browser.visit("campus/login?as=c3")
    assert page.url.endswith("/link/confirm")
    assert "lena.k of the campus" in page.text
    assert user_of(app, browser) == "lena"
    done = browser.fill_in("link/confirm", link="1")
    assert "lena.k of the campus" in done.text
    assert user_of(app, by_campus(app, "c3", "lena.k")) == "lena"


def test_nothing_is_linked_without_being_said(app: HubApp) -> None:
    """Who only signs in by another way is another person, and who says no is, too."""
    account(app, "nora")
    browser = app.browser()
    browser.sign_in("nora", PASSWORD)
    by_campus(app, "c4", "nora.k", browser)
    assert user_of(app, browser) == "nora.k"
    browser = app.browser()
    browser.sign_in("nora", PASSWORD)
    browser.fill_in("link", way="campus")
    browser.visit("campus/login?as=c4")
    browser.fill_in("link/confirm")
    assert user_of(app, browser) == "nora"
    assert user_of(app, by_campus(app, "c4", "nora.k")) == "nora.k"


def test_a_wish_is_its_owners_browsers(app: HubApp) -> None:
    """Who signs in with another browser, or as another person, answers nobody's question."""
    account(app, "vera")
    mine, theirs = app.browser(), app.browser()
    mine.sign_in("vera", PASSWORD)
    mine.fill_in("link", way="campus")
    by_campus(app, "c5", "mallory", theirs)
    assert user_of(app, theirs) == "mallory"
    cookie = mine.cookies.get("homeroom-link", path="/hub/")
    assert cookie is not None
    theirs.cookies.set("homeroom-link", cookie, domain="127.0.0.1", path="/hub/")
    assert theirs.visit("link/confirm").status_code == 400
    assert mine.visit("link/confirm").status_code == 400  # nobody has signed in by the other way yet


def test_a_wish_ends_with_signing_out(app: HubApp) -> None:
    """Who uses the browser next is not asked for somebody else."""
    account(app, "ulla")
    browser = app.browser()
    browser.sign_in("ulla", PASSWORD)
    browser.fill_in("link", way="campus")
    assert browser.cookies.get("homeroom-link", path="/hub/")
    browser.visit("logout")
    assert browser.cookies.get("homeroom-link", path="/hub/") is None


def test_the_user_that_stays_is_chosen(app: HubApp) -> None:
    """Where both have a user, the person says which one goes on; the other one's sessions end."""
    account(app, "rosa")
    old = app.browser()
    old.sign_in("rosa", PASSWORD)
    by_campus(app, "c6", "rosa.k")
    browser = app.browser()
    browser.sign_in("rosa", PASSWORD)
    browser.fill_in("link", way="campus")
    page = browser.visit("campus/login?as=c6")
    assert "the lab and files of rosa.k" in page.text
    browser.fill_in("link/confirm", link="1", keep="rosa.k")
    assert not old.is_signed_in
    browser = app.browser()
    browser.sign_in("rosa", PASSWORD)
    assert user_of(app, browser) == "rosa.k"


def test_a_password_links_too(app: HubApp) -> None:
    """Signed in by the campus, a name and a password of the directory are linked by the page's own form; a wrong one
    is told there."""
    app.hub.authenticator.opened["directory"].add("d7", "wanda")
    browser = by_campus(app, "c7", "wanda.k")
    wrong = browser.fill_in("link", way="directory", username="wanda", password="no")
    assert wrong.status_code == 403
    assert "This username and password do not match" in wrong.text
    browser.fill_in("link", way="directory", username="wanda", password="wanda"[::-1])
    browser.fill_in("link/confirm", link="1")
    other = app.browser()
    other.sign_in("wanda", "wanda"[::-1], way="directory")
    assert user_of(app, other) == "wanda.k"


def test_unlinking_ends_other_browsers(app: HubApp) -> None:
    """What is taken away opens nothing any more: its browsers are out, the one that took it away is not, and the last
    sign-in stays."""
    account(app, "xenia")
    browser = app.browser()
    browser.sign_in("xenia", PASSWORD)
    at_campus(app, "c8", "xenia.k")
    browser.fill_in("link", way="campus")
    browser.visit("campus/login?as=c8")
    browser.fill_in("link/confirm", link="1")
    other = by_campus(app, "c8", "xenia.k")
    assert user_of(app, other) == "xenia"
    browser.fill_in("link", "link/remove", **{"from": "campus", "subject": "c8"})
    assert browser.is_signed_in
    assert not other.is_signed_in
    assert user_of(app, by_campus(app, "c8", "xenia.k")) == "xenia.k"
    lonely = by_campus(app, "c8", "xenia.k")
    answer = lonely.fill_in("link", "link/remove", **{"from": "campus", "subject": "c8"})
    assert answer.status_code == 400
    assert lonely.is_signed_in


def test_linking_takes_a_form_of_this_hubs(app: HubApp) -> None:
    """Another website cannot have a browser begin, confirm or undo anything."""
    browser = by_campus(app, "c9", "yara")
    for path in ("link", "link/confirm", "link/remove"):
        assert browser.post(f"{app.address}/{path}", data={"way": "campus", "link": "1"}, timeout=30).status_code == 403


def test_the_registry_has_names_and_addresses(app: HubApp) -> None:
    """What a source says of somebody is kept for the operator."""
    campus: Any = app.hub.authenticator.opened["campus"]
    campus.people["c10"] = Identity(
        way="campus", subject="c10", name="zoe", email="zoe@campus.example", groups=frozenset({"campus-staff"})
    )
    browser = app.browser()
    browser.visit("campus/login?as=c10")
    (known,) = app.do(app.hub.authenticator.admission.open_of, "zoe")
    assert known.email == "zoe@campus.example"


def link_of(app: HubApp, name: str) -> str:
    """The path of a new link for somebody."""
    secret = app.do(reset_links.make, app.hub.db, name)
    return f"new-password?name={name}&secret={secret}"


def set_password(browser: Browser, link: str, password: str) -> Any:
    """Fill in the page of a link."""
    secret = link.partition("secret=")[2]
    name = link.partition("name=")[2].partition("&")[0]
    fields = {"name": name, "secret": secret, "new_password": password, "new_password_confirmation": password}
    return browser.fill_in(link, "new-password", **fields)


def test_a_link_gives_a_new_password_once(app: HubApp) -> None:
    """A visit changes nothing, as mail programs visit links; the form does it, once. The old password and the browsers
    that it opened are worth nothing then."""
    account(app, "ida")
    old = app.browser()
    old.sign_in("ida", PASSWORD)
    link, browser = link_of(app, "ida"), app.browser()
    assert browser.visit(link).status_code == browser.visit(link).status_code == 200
    assert "a common one" in set_password(browser, link, "1234567890").text
    assert "Your new password is set" in set_password(browser, link, PASSWORD + "!").text
    again = set_password(browser, link, PASSWORD + "?")
    assert again.status_code == 403
    assert "This link has been used" in again.text
    assert not old.is_signed_in
    assert browser.sign_in("ida", PASSWORD).status_code == 403
    assert browser.sign_in("ida", PASSWORD + "!").status_code == 200


def test_a_link_is_one_persons_and_the_last_one(app: HubApp) -> None:
    """A link opens no other account, is worth nothing once another was made or the password changed, and ends in a
    day."""
    for name in ("jan", "kim"):
        account(app, name)
    first, second, browser = link_of(app, "jan"), link_of(app, "jan"), app.browser()
    assert set_password(browser, first, PASSWORD + "!").status_code == 403
    assert set_password(browser, second.replace("jan", "kim"), PASSWORD + "!").status_code == 403
    assert set_password(browser, second.replace("jan", "nobody"), PASSWORD + "!").status_code == 403
    app.do(app.hub.authenticator.accounts.change_own_password, "jan", PASSWORD + "!")
    assert set_password(browser, second, PASSWORD + "?").status_code == 403
    third = link_of(app, "jan")
    app.do(lambda: app.hub.db.query(reset_links.ResetLink).update({"until": 1}))
    assert set_password(browser, third, PASSWORD + "?").status_code == 403


def test_an_administrator_makes_a_link(app: HubApp) -> None:
    """The button on the page Accounts shows a link that works; nobody else has it."""
    account(app, "admin")
    account(app, "lars")
    admin, guest = app.browser(), app.browser()
    admin.sign_in("admin", PASSWORD)
    shown = html.unescape(admin.fill_in("authorize", "new-password/lars").text)
    link = shown.partition("/hub/new-password?name=lars&secret=")[2].partition("<")[0].strip()
    assert (
        "Your new password is set" in set_password(guest, f"new-password?name=lars&secret={link}", PASSWORD + "!").text
    )
    guest.sign_in("lars", PASSWORD + "!")
    assert guest.fill_in("change-password", "new-password/admin").status_code == 403


def test_who_has_no_password_here_is_offered_no_new_one(app: HubApp) -> None:
    """Somebody of the campus has none to change; the page says so to whoever types its address."""
    account(app, "mia")
    mia, guest = app.browser(), by_campus(app, "c-noah", "noah")
    mia.sign_in("mia", PASSWORD)
    assert "change-password" in mia.visit("home").text
    assert "change-password" not in guest.visit("home").text
    answer = guest.visit("change-password")
    assert answer.status_code == 404
    assert "You have no password here" in html.unescape(answer.text)
