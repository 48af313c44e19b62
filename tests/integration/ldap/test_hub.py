"""Sign-in by a directory at a real hub: who gets in with which groups, who does not, and who is out again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from homeroom.texts.said import say

from tests import slapd
from tests.certificates import Authority
from tests.faults import until
from tests.hub_process import hub_process
from tests.sample_settings import OTHER_VALUES
from tests.slapd import Slapd
from tests.visitor import Visitor

SITE = f"""\
servers: [ldap://ldap.uni.example]
tls: starttls
timeout_seconds: 2
bind_dn: {slapd.SERVICE}
search: {{base: "{slapd.PEOPLE}"}}
groups: {{base: "{slapd.GROUPS}"}}
allowed_groups: [Hub Users]
admin_groups: [hub-admins]
"""
SETTINGS = {
    "AUTH": "ldap,native",
    "LDAP_BIND_PASSWORD": slapd.SERVICE_PASSWORD,
    "JUPYTERHUB_CRYPT_KEY": OTHER_VALUES["JUPYTERHUB_CRYPT_KEY"],
}


@pytest.fixture(scope="module")
def server(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A directory that these tests may stop."""
    made = Slapd(tmp_path_factory.mktemp("slapd"), authority)
    made.start()
    try:
        people = {name: made.add_person(name, "right") for name in ("ada", "bela", "chen", "dora")}
        made.add_group("Hub Users", people["ada"], people["bela"], people["dora"])
        made.add_group("hub-admins", people["ada"], people["chen"])
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def hub(server: Slapd, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A hub that asks it, also about who is signed in, at each look. Only the server's address is another than in
    `site/`, which names none of this machine's own."""
    own = f"""
c.LdapDirectory.servers = [{server.url!r}]
c.LdapDirectory.ca_file = {str(authority.file)!r}
c.LdapWay.refresh_seconds = 1
"""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "site").mkdir()
    (folder / "site/ldap.yaml").write_text(SITE)
    with hub_process(folder / "rendered", folder / "site", SETTINGS, own) as made:
        yield made.url


def text_of(page: str, *but: str) -> str:
    """What a page says, without what is another each time."""
    for word in but:
        page = page.replace(word, "")
    return re.sub(r"\?v=\w+|[\w|=:.-]{40,}|\b[0-9]{5}\b", "", page)


def test_who_is_allowed_gets_in(hub: str) -> None:
    """Somebody of an allowed group is signed in by what the directory calls them, with its groups, and administers the
    hub where it says so."""
    visitor = Visitor(hub)
    status, leads_to, _ = visitor.sign_in("ADA", "right")
    assert (status, leads_to) == (302, "/hub/spawn")
    found = visitor.user()
    assert (found["name"], found["admin"]) == ("ada", True)
    assert sorted(found["groups"]) == ["ldap-hub-admins", "ldap-hub-users"]
    other = Visitor(hub)
    other.sign_in("bela", "right")
    assert (other.user()["name"], other.user()["admin"]) == ("bela", False)


def test_who_is_not_allowed_reads_a_number(hub: str) -> None:
    """Somebody with the right password whom no rule lets in reads a sentence and a number, administrator of the
    directory or not."""
    visitor = Visitor(hub)
    status, _, page = visitor.sign_in("chen", "right")
    assert status == 403
    assert say("sign_in.not_allowed").english() in page
    assert re.search(r"\b[0-9]{5}\b", page)
    assert visitor.user() == {}


def test_an_unknown_name_reads_like_a_wrong_password(hub: str) -> None:
    """Nobody learns from the page who is in the directory."""
    wrong, unknown = Visitor(hub).sign_in("bela", "wrong"), Visitor(hub).sign_in("nobody", "wrong")
    assert wrong[0] == unknown[0] == 403
    assert say("sign_in.wrong").english() in wrong[2]
    assert text_of(wrong[2], "bela") == text_of(unknown[2], "nobody")


def test_a_directory_that_is_away_throws_nobody_out(hub: str, server: Slapd) -> None:
    """While it is down nobody signs in by it, and is told so; who is signed in stays, and who comes later gets in when
    it is back."""
    visitor = Visitor(hub)
    visitor.sign_in("bela", "right")
    server.stop()
    try:
        status, _, page = Visitor(hub).sign_in("bela", "right")
        assert status == 502
        assert say("sign_in.wrong").english() not in page
        assert visitor.user()["name"] == "bela"
    finally:
        server.start()
    assert visitor.user()["name"] == "bela"
    assert Visitor(hub).sign_in("bela", "right")[0] == 302


def test_who_is_removed_from_the_directory_is_out(hub: str, server: Slapd) -> None:
    """Somebody who is taken out of the allowed group, or of the directory, is signed out without doing anything."""
    visitor = Visitor(hub)
    visitor.sign_in("dora", "right")
    assert visitor.user()["name"] == "dora"
    server.remove(f"uid=dora,{slapd.PEOPLE}")
    until(lambda: visitor.user() == {}, "dora is out")
    assert Visitor(hub).sign_in("dora", "right")[0] == 403
