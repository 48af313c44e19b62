"""Groups in groups, as each kind of directory has them."""

from __future__ import annotations

import pytest
from homeroom.ldap.groups import AD, MEMBER_OF, MOST_GROUPS, NONE, SEARCH, GroupRules, find, is_below
from homeroom.ldap.people import Person
from ldap3 import BASE, SUBTREE

BASE_DN = "ou=groups,dc=uni,dc=example"
ADA = Person.of("cn=Ada (x),dc=uni,dc=example", {"memberOf": [f"cn=a,{BASE_DN}".encode()]})


def test_active_directory_follows_groups_itself() -> None:
    """One search with its own rule, whose value is escaped, finds all groups in groups."""
    asked = []

    def search(base: str, matching: str, scope: str, attributes: list[str]) -> list[Person]:
        asked.append((base, matching, scope, attributes))
        return [Person.of("cn=b", {"cn": [b"b"]})]

    assert find(search, ADA, "ada", GroupRules(AD, BASE_DN)) == ["b"]
    rule = "(member:1.2.840.113556.1.4.1941:=cn=Ada \\28x\\29,dc=uni,dc=example)"
    assert asked == [(BASE_DN, rule, SUBTREE, ["cn"])]


def test_active_directory_without_groups_in_groups() -> None:
    """Without nesting the person's own entry says it."""

    def search(base: str, matching: str, scope: str, attributes: list[str]) -> list[Person]:
        assert (base, scope) == (f"cn=a,{BASE_DN}", BASE)
        return [Person.of(base, {"cn": [b"a"], "memberOf": [b"cn=z,dc=uni"]})]

    assert find(search, ADA, "ada", GroupRules(AD, BASE_DN, nested=False)) == ["a"]


@pytest.mark.parametrize("source", [SEARCH, MEMBER_OF])
def test_endless_groups_end(source: str) -> None:
    """Where each group is in another one, for ever, it ends."""

    def search(base: str, matching: str, scope: str, attributes: list[str]) -> list[Person]:
        met.append(matching)
        dn = base if scope == BASE else f"cn=g{len(met)},{BASE_DN}"
        above = f"cn=g{len(met) + 1},{BASE_DN}".encode()
        return [Person.of(dn, {"cn": [f"g{len(met)}".encode()], "memberOf": [above]})]

    met: list[str] = []
    assert len(find(search, ADA, "ada", GroupRules(source, BASE_DN))) <= MOST_GROUPS + 1


def test_no_groups_are_asked_for() -> None:
    """Where no groups are set up, nothing is asked."""

    def search(*_: object) -> list[Person]:
        raise AssertionError("nothing is asked")

    assert find(search, ADA, "ada", GroupRules(NONE)) == []


@pytest.mark.parametrize(
    ("dn", "below"),
    [
        (f"cn=a,{BASE_DN}", True),
        ("CN=a, OU=Groups, DC=uni, DC=example", True),
        (BASE_DN, True),
        ("cn=a,ou=people,dc=uni,dc=example", False),
        (f"cn=a\\,{BASE_DN}", False),
        ("dc=example", False),
        ("no dn", False),
    ],
)
def test_below_is_below(dn: str, below: bool) -> None:
    """A place is told from one whose name merely ends in the same letters."""
    assert is_below(dn, BASE_DN) == below
