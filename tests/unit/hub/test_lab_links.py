"""Links into labs: nothing of what they name is lost on the way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from homeroom.handouts.link import link_to
from homeroom.hub.labs_host import LabsHost

from tests.hub_app import XSRF, Browser, HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

NAME = "week 1/Was ist C#? 100%+ü.ipynb"
WANTED = f"/user/ada/lab/tree/{quote(NAME)}"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub whose labs fetch repositories."""
    directory = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        config = loaded(directory, LAB_FEATURES="nbgitpuller", AUTH="dummy")
        with HubApp(directory, config).running() as made:
            add_people(made, "ada")
            yield made


@pytest.fixture
def ada(app: HubApp) -> Browser:
    """Somebody who is signed in."""
    browser = app.browser()
    browser.sign_in("ada", "any")
    return browser


def led_to(browser: Browser, path: str) -> str:
    """Where a page leads at once."""
    return browser.visit(path, allow_redirects=False).headers["Location"]


def next_of(address: str) -> str:
    """Where somebody goes once they have a lab."""
    return parse_qs(urlsplit(address).query)["next"][0]


def test_a_links_file_is_the_one_that_opens(ada: Browser) -> None:
    """Whatever letters its name has: they are no part of the address."""
    assert next_of(led_to(ada, f"user-redirect/lab/tree/{quote(NAME)}")) == WANTED


def test_labs_with_a_host_of_their_own_are_found(app: HubApp, ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub leads there by itself; of an address with another host than its own it believes nothing."""
    for name, value in (("subdomain_host", "https://hub.test"), ("subdomain_hook", LabsHost("labs.campus.test"))):
        monkeypatch.setitem(app.hub.tornado_settings, name, value)
    assert app.hub.users["ada"].url == "https://labs.campus.test/user/ada/"
    assert next_of(led_to(ada, f"user-redirect/lab/tree/{quote(NAME)}")) == WANTED


def test_a_made_link_says_all_that_was_typed(ada: Browser) -> None:
    """Branches with slashes and plus signs, files with any letters."""
    link = link_to("http://127.0.0.1:8000/", "https://x.example/algo.git", "week/2+ü", NAME)
    wanted = next_of(led_to(ada, link.partition("/hub/")[2]))
    assert urlsplit(wanted).path == "/user/ada/git-pull"
    opened = f"lab/tree/algo/{NAME}".replace("%", "%25").replace("#", "%23").replace("?", "%3F")
    assert parse_qs(urlsplit(wanted).query) == {
        "repo": ["https://x.example/algo.git"],
        "branch": ["week/2+ü"],
        "targetpath": ["algo"],
        "urlpath": [opened],
    }


def test_who_is_not_signed_in_signs_in_on_the_way(app: HubApp) -> None:
    """And is led on as if they had been; a wrong name or password changes nothing of it."""
    stranger = app.browser()
    path = f"user-redirect/git-pull?repo=https%3A%2F%2Fx.example%2Falgo&branch=week%2F2%2Bx&urlpath={quote(NAME)}"
    asked = led_to(stranger, path)
    assert next_of(asked) == f"/hub/{path}"
    address = f"{stranger.address}/{asked.partition('/hub/')[2]}"
    for name, status in (("no/body", 403), ("ada", 302)):
        token = XSRF.search(stranger.get(address, timeout=30).text)
        assert token
        form = {"_xsrf": token[1], "username": name, "password": "any"}
        done = stranger.post(address, data=form, timeout=30, allow_redirects=False)
        assert done.status_code == status
    assert done.headers["Location"] == f"/hub/{path}"


def test_who_starts_again_is_led_on(ada: Browser) -> None:
    """After a start that failed, or waiting in vain: the button that tries again knows where they wanted to go."""
    told = ada.visit(f"spawn-pending/ada?next={quote(WANTED)}")
    (again,) = re.findall(r'id="start"[^>]* href="([^"]+)"', told.text)
    assert urlsplit(html.unescape(again)).path == "/hub/spawn/ada"
    assert next_of(html.unescape(again)) == WANTED


def test_a_second_page_that_chooses_leads_to_the_lab(app: HubApp, ada: Browser) -> None:
    """Two tabs with two links: the one that chooses a lab while the other's is starting waits for it, too."""

    def starting(value: bool) -> None:
        app.hub.users["ada"].spawners[""]._spawn_pending = value

    form = f"spawn/ada?next={quote(WANTED)}"
    token = XSRF.search(ada.visit("homeroom/labs/ada/reset").text)
    assert token
    asked = {"_xsrf": token[1], "profile": "default"}
    app.do(starting, True)
    try:
        done = ada.post(f"{ada.address}/{form}", data=asked, timeout=30, allow_redirects=False)
    finally:
        app.do(starting, False)
    assert done.status_code == 302
    assert urlsplit(done.headers["Location"]).path == "/hub/spawn-pending/ada"
    assert next_of(done.headers["Location"]) == WANTED
