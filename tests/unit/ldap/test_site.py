"""site/ldap.yaml: what is wrong with it is told with its line and what to do, and what is right reaches the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from homeroom.hub.check_traits import misfits
from homeroom.ldap.directory import LdapDirectory
from homeroom.ldap.people import group_name
from homeroom.ldap.way import LdapWay

from generator.core.errors import HomeroomError
from generator.topics.ldap import certificates, counterpart, ldap, render
from tests.certificates import Authority
from tests.hub_config import loaded
from tests.sample_settings import OTHER_VALUES, settings

SERVED = "servers: [ldaps://ldap.uni.example]\n"
FOUND = "search: {base: 'ou=people,dc=uni,dc=example'}\n"
RULE = "allow_all: true\n"
GOOD = SERVED + FOUND + RULE
NEEDED = {"AUTH": "ldap", "JUPYTERHUB_CRYPT_KEY": OTHER_VALUES["JUPYTERHUB_CRYPT_KEY"]}


def written(folder: Path, text: str) -> Path:
    """A `site/` with this file."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "ldap.yaml").write_text(text)
    return site


def fault(folder: Path, text: str, **values: str) -> str:
    """What is said of it."""
    with pytest.raises(HomeroomError) as raised:
        ldap.load(settings(**NEEDED, **values), written(folder, text))
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "where", "said", "remedy"),
    [
        ("", "site/ldap.yaml", "says nothing", "docs/sign-in/ldap.md"),
        (SERVED + FOUND, "site/ldap.yaml", "no rule who may sign in", "`allow_all: true`"),
        (FOUND + RULE, "site/ldap.yaml", "servers is not set", "docs/sign-in/ldap.md"),
        (FOUND + RULE + "servers: [ldap://a.example]\n", "line 3", "travel unencrypted", "`tls: starttls`"),
        (FOUND + RULE + "servers: [https://a.example]\n", "line 3", "such as ldaps://", "form"),
        (FOUND + RULE + "servers: ['ldap://a.example/dc=x']\n", "line 3", "what is looked for is base", "form"),
        (FOUND + RULE + "servers: ['ldap://a.example:99999']\n", "line 3", "must be ldap://", "form"),
        (FOUND + RULE + "servers: [ldaps://localhost]\n", "line 3", "own container", "name of this machine"),
        (FOUND + RULE + "servers: ['ldaps://127.0.0.1:636']\n", "line 3", "own container", "name of this machine"),
        (FOUND + RULE + "servers: []\n", "line 3", "must not be empty", "form"),
        (GOOD + "ca_file: uni.pem\n", "line 4", "no file site/uni.pem", "as PEM"),
        (GOOD + "ca_file: ../uni.pem\n", "line 4", "the name of a file in site/", "form"),
        (SERVED + RULE, "site/ldap.yaml", "does not say how people are found", "template"),
        (GOOD + "template: 'uid={name},dc=a'\n", "line 4", "says twice", "template"),
        (GOOD + "bind_dn: cn=hub,dc=a\n", ".env: LDAP_BIND_PASSWORD", "is not set", "cn=hub,dc=a"),
        (SERVED + RULE + "template: uid=ada,dc=a\n", "line 3", "holds no {name}", "form"),
        (SERVED + RULE + "search: {base: 'ou=a', filter: '(uid=ada)'}\n", "line 3", "holds no {name}", "form"),
        (SERVED + RULE + "search: {base: 'ou=a', filter: 'uid={name}'}\n", "line 3", "in parentheses", "form"),
        (SERVED + RULE + "search: {base: 'ou=a', filter: '(uid={name})(a=b)'}\n", "line 3", "in parentheses", "form"),
        (SERVED + RULE + "search: {base: people}\n", "line 3", "a place in the directory", "form"),
        (GOOD + "allowed_groups: [a]\n", "line 4", "nothing says how they are found", "groups"),
        (GOOD + "groups: {from: search}\n", "line 4", "which groups count", "base"),
        (GOOD + "group: {base: 'ou=g'}\n", "line 4", "there is no field group", "groups"),
        (GOOD + "attributes: {subject: 'a b'}\n", "line 4", "an attribute's name", "form"),
        (GOOD + "timeout_seconds: 0\n", "line 4", "at least 1", "form"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, where: str, said: str, remedy: str) -> None:
    """Each mistake is told where it stands, with what to do about it."""
    told = fault(tmp_path, text)
    assert where in told
    assert said in told
    assert remedy in told


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    """All that is wrong with site/ldap.yaml is told in one go."""
    told = fault(tmp_path, "servers: [ldap://localhost]\nbind_dn: cn=hub,dc=a\n" + FOUND)
    for said in ("no rule who may", "unencrypted", "own container", "LDAP_BIND_PASSWORD"):
        assert said in told


def test_certificates_that_will_not_do(tmp_path: Path) -> None:
    """A file without a certificate, one with a key, a CA that has expired and one without keyUsage are told before the
    hub meets them; a good one, and a server's own, are not."""
    authority = Authority.made(tmp_path)
    server, key = authority.sign(tmp_path, ["ldap.uni.example"])
    binary = tmp_path / "binary.cer"
    binary.write_bytes(b"\x30\x82\x01\x00")
    cases = {
        tmp_path / "none.pem": "there is no file",
        binary: "holds no certificate",
        key: "holds a private key",
        Authority.made(tmp_path, "old", key_usage=False).file: "has no keyUsage",
        Authority.made(tmp_path, "gone", days=-1).file: "has expired",
        authority.file: "",
        server: "",
    }
    for path, said in cases.items():
        found = certificates.fault(path)
        assert (found is not None and said in found[0]) if said else found is None, path


def findings(folder: Path, text: str, **values: str) -> list[str]:
    """What is odd about it."""
    return [finding.cause for finding in ldap.findings(settings(**values), written(folder, text))]


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    """Passwords in the clear, people who are never asked about again, a password that is nobody's, and a file that is
    not used: each works, and the operator should know."""
    assert findings(tmp_path, GOOD, **NEEDED) == []
    (plain,) = findings(tmp_path, FOUND + RULE + "servers: [ldap://a.example]\ntls: plain\n", **NEEDED)
    assert "read all passwords" in plain
    (template,) = findings(tmp_path, SERVED + RULE + "template: 'uid={name},dc=a'\n", **NEEDED)
    assert "stays signed in" in template
    (password,) = findings(tmp_path, GOOD, **NEEDED, LDAP_BIND_PASSWORD="x")
    assert "whose it is" in password
    (unused,) = findings(tmp_path, GOOD, AUTH="native")
    assert "does not name ldap" in unused


def config_of(folder: Path, text: str, **values: str) -> Any:
    """The hub's configuration with this file."""
    return loaded(folder / "rendered", written(folder, text), **NEEDED, **values)


WHOLE = """\
kind: active-directory
title: The university
servers: [ldaps://dc1.example, 'ldap://dc2.example:3389']
tls: starttls
ca_file: uni.pem
timeout_seconds: 7
bind_dn: svc@ad.example
search:
  base: dc=ad,dc=example
  filter: (|(sAMAccountName={name})(description={x}))
attributes: {name: userPrincipalName, email: mail, display_name: cn, language: c, subject: objectSid}
groups: {base: 'ou=g,dc=ad,dc=example', from: member-of, name: name, nested: false}
allowed_users: [ada]
allowed_groups: [Domain Users, physics]
allowed_filter: (department=42)
admin_groups: [Admins]
"""


def test_all_of_it_reaches_the_hub(tmp_path: Path) -> None:
    """Every field is a trait of the way or the directory, which take it; the password is in no rendered file."""
    site = written(tmp_path, WHOLE)
    (site / "uni.pem").write_bytes(Authority.made(tmp_path).file.read_bytes())
    config = config_of(tmp_path, WHOLE, LDAP_BIND_PASSWORD="the-hubs-own")
    assert list(misfits(config)) == []
    way = LdapWay(config=config)
    assert way.title == "The university"
    assert way.rules()
    assert way.allowed_users == {"ada"}
    assert way.allowed_groups == {group_name("Domain Users"), group_name("physics")}
    assert way.admin_groups == {group_name("Admins")}
    assert way.allowed_filter == "(department=42)"
    found = LdapDirectory(config=config)
    assert found.servers == ["ldaps://dc1.example", "ldap://dc2.example:3389"]
    assert (found.security, found.ca_file, found.timeout_seconds) == ("starttls", "/srv/site/uni.pem", 7)
    assert (found.lookup_dn, found.lookup_dn_search_user) == (True, "svc@ad.example")
    assert found.user_search_base == "dc=ad,dc=example"
    assert found.lookup_dn_search_filter.format(login="N") == "(|(sAMAccountName=N)(description={x}))"
    assert (found.subject_attribute, found.name_attribute, found.email_attribute) == (
        "objectSid",
        "userPrincipalName",
        "mail",
    )
    assert (found.display_name_attribute, found.language_attribute) == ("cn", "c")
    assert (found.groups_from, found.group_base) == ("member-of", "ou=g,dc=ad,dc=example")
    assert (found.group_name_attribute, found.nested_groups) == ("name", False)
    for path in (tmp_path / "rendered").rglob("*"):
        assert path.is_dir() or "the-hubs-own" not in path.read_text()


def test_the_password_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub reads LDAP_BIND_PASSWORD when it starts; an empty one is none."""
    monkeypatch.setenv("LDAP_BIND_PASSWORD", "the-hubs-own")
    assert LdapDirectory().lookup_dn_search_password == "the-hubs-own"
    monkeypatch.setenv("LDAP_BIND_PASSWORD", "")
    assert LdapDirectory().lookup_dn_search_password is None


@pytest.mark.parametrize(
    ("kind", "subject", "name", "groups"),
    [
        ("openldap", "entryUUID", "uid", "search"),
        ("active-directory", "objectGUID", "sAMAccountName", "active-directory"),
        ("freeipa", "ipaUniqueID", "uid", "member-of"),
    ],
)
def test_what_is_usual_needs_no_word(tmp_path: Path, kind: str, subject: str, name: str, groups: str) -> None:
    """Each kind of directory comes with its own immutable attribute, names, filter and groups."""
    config = config_of(tmp_path, f"kind: {kind}\n{GOOD}groups: {{base: 'ou=g'}}\n")
    found = LdapDirectory(config=config)
    assert (found.subject_attribute, found.name_attribute, found.groups_from) == (subject, name, groups)
    assert f"({name}=N)" in found.lookup_dn_search_filter.format(login="N")


def test_a_template_is_taken_as_it_is_meant(tmp_path: Path) -> None:
    """One template or several, with braces of their own."""
    config = config_of(tmp_path, SERVED + RULE + "template: ['uid={name},dc=a', 'uid={name},ou={b},dc=a']\n")
    found = LdapDirectory(config=config)
    assert not found.lookup_dn
    assert [one.format(username="N") for one in found.bind_dn_template] == ["uid=N,dc=a", "uid=N,ou={b},dc=a"]


@pytest.mark.parametrize("name", ["physics", "Domain  Users", " A B ", "ldap-x"])
def test_both_sides_call_a_group_the_same(name: str) -> None:
    """What the operator writes and what the directory says meet."""
    assert render.group_name(name) == group_name(name)


def test_a_hub_without_a_rule_does_not_start(tmp_path: Path) -> None:
    """Who takes the rule away in `site/hub.d/` is told, too."""
    config = config_of(tmp_path, GOOD)
    config.LdapWay.allow_all = False
    assert [misfit.cause for misfit in misfits(config)] == ["LdapWay has no rule who may sign in: it lets in nobody"]


def test_findings_of_the_hub_are_findings() -> None:
    """What the hub's image finds at the servers stops `make check` where nobody could sign in, and no `make up`."""
    levels = [
        counterpart.finding({"level": level, "cause": "c", "remedy": "r"}).level for level in ("ok", "warn", "error")
    ]
    assert levels == ["ok", "warn", "error"]
