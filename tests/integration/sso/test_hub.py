"""Sign-in at a web server in front, at a real hub; the test is that web server."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from homeroom.texts.said import say

from tests.faults import until
from tests.hub_process import hub_process
from tests.sample_settings import OTHER_VALUES
from tests.visitor import Visitor

SECRET = "0123456789abcdef" * 4
SITE = """\
headers: {user: X-SSO-User, groups: X-SSO-Groups, role: X-SSO-Role}
required_roles: [member]
protects: everything
allowed_groups: [physics]
admin_groups: [wheel]
"""
ADA = {"X-SSO-Secret": SECRET, "X-SSO-User": "Ada@uni.example", "X-SSO-Groups": "physics;wheel", "X-SSO-Role": "member"}
SETTINGS = {
    "AUTH": "sso,native",
    "TLS": "behind-proxy",
    "HUB_HOST": "hub.uni.example",
    "HUB_IP": "127.0.0.1",
    "TRUSTED_PROXIES": "127.0.0.1",
    "SSO_SECRET": SECRET,
    "JUPYTERHUB_CRYPT_KEY": OTHER_VALUES["JUPYTERHUB_CRYPT_KEY"],
}
OWN = """
c.Authenticator.auth_refresh_age = 1  # so that each page is looked at that comes a second after another
c.JupyterHub.public_url = ""  # there is no TLS here
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A hub behind this test."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "site").mkdir()
    (folder / "site/sso.yaml").write_text(SITE)
    with hub_process(folder / "rendered", folder / "site", SETTINGS, OWN) as made:
        yield made.url


def test_who_is_signed_in_in_front_is_signed_in(hub: str) -> None:
    """The page behind the button signs in whom the web server names, with groups and rights, and leads on to where
    they wanted to go, within the hub."""
    visitor = Visitor(hub, ADA)
    assert "/hub/sso/login" in visitor.ask("/hub/login")[2]
    status, leads_to, _ = visitor.ask(f"/hub/sso/login?next={quote('/hub/token')}")
    assert (status, leads_to) == (302, "/hub/token")
    found = visitor.user()
    assert (found["name"], found["admin"]) == ("ada@uni.example", True)
    assert sorted(found["groups"]) == ["sso-physics", "sso-wheel"]
    assert Visitor(hub, ADA).ask(f"/hub/sso/login?next={quote('https://evil.example/')}")[1].startswith("/")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"X-SSO-Secret": ""}, "sso.not_by_front"),
        ({"X-SSO-Secret": SECRET[::-1]}, "sso.not_by_front"),
        ({"X-SSO-User": "(null)"}, "sso.no_user"),
        ({"X-SSO-Role": "guest"}, "sso.no_role"),
        ({"X-SSO-Groups": "chemistry"}, "sign_in.not_allowed"),
    ],
)
def test_who_is_not_let_in_reads_why(hub: str, sent: dict[str, str], said: str) -> None:
    """Each refusal has a page with a sentence and a number; nobody is signed in."""
    visitor = Visitor(hub, ADA | sent)
    status, _, page = visitor.ask("/hub/sso/login")
    assert status == 403
    assert say(said).english() in html.unescape(page)
    assert re.search(r"\b[0-9]{5}\b", page)
    assert visitor.user() == {}


def test_somebody_else_in_the_same_browser_is_signed_out(hub: str) -> None:
    """When the web server says that the browser is another person's by now, the session of the first is over."""
    visitor = Visitor(hub, ADA)
    visitor.ask("/hub/sso/login")
    assert visitor.user()["name"] == "ada@uni.example"
    other = Visitor(hub, ADA | {"X-SSO-User": "bela@uni.example"}, visitor.cookies)
    until(lambda: other.user() == {}, "who asks is compared")
    assert visitor.user() == {}
    other.ask("/hub/sso/login")
    assert other.user()["name"] == "bela@uni.example"
