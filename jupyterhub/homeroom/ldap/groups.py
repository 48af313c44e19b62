"""Which groups somebody is in, also by way of other groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ldap3 import BASE, SUBTREE
from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

from homeroom.ldap.people import Person

NONE, SEARCH, MEMBER_OF, AD = "none", "search", "member-of", "active-directory"
SOURCES = (NONE, SEARCH, MEMBER_OF, AD)
IN_CHAIN = "1.2.840.113556.1.4.1941"
"""Active Directory's rule by which the server itself follows groups in groups."""
MOST_GROUPS = 1000
ASKED_TOGETHER = 50
"""Groups whose own groups are asked for in one search."""

Search = Callable[[str, str, str, list[str]], list[Person]]
"""Base, filter, scope and attributes; the entries."""


@dataclass(frozen=True)
class GroupRules:
    """How a directory says who is in which group.

    :param source: one of SOURCES.
    :param base: below which groups count; empty with MEMBER_OF: all do.
    :param name: the attribute that a group is called by.
    :param nested: whether groups in groups count.
    """

    source: str = NONE
    base: str = ""
    name: str = "cn"
    nested: bool = True


def find(search: Search, person: Person, user: str, rules: GroupRules) -> list[str]:
    """The names of somebody's groups, as the directory has them.

    :param user: the name by which a group of Unix accounts (`memberUid`) has them.
    """
    if rules.source == NONE:
        return []
    if rules.source == SEARCH:
        found = _by_search(search, person, user, rules)
    elif rules.source == AD and rules.nested:
        found = search(rules.base, f"(member:{IN_CHAIN}:={escape_filter_chars(person.dn)})", SUBTREE, [rules.name])
    else:
        found = _by_member_of(search, person, rules)
    return sorted({name for group in found for name in group.texts(rules.name)[:1]})


def _by_search(search: Search, person: Person, user: str, rules: GroupRules) -> list[Person]:
    """By the groups' lists of members, then by those of which these are members."""
    name = escape_filter_chars(user)
    asked = f"(|{_has_member(person.dn)}(memberUid={name}))" if user else f"(|{_has_member(person.dn)})"
    found = {group.dn.lower(): group for group in search(rules.base, asked, SUBTREE, [rules.name])}
    fresh = list(found.values())
    while rules.nested and fresh and len(found) < MOST_GROUPS:
        above = [
            group
            for some in _chunks(fresh)
            for group in search(
                rules.base, f"(|{''.join(_has_member(group.dn) for group in some)})", SUBTREE, [rules.name]
            )
        ]
        fresh = [group for group in {each.dn.lower(): each for each in above}.values() if group.dn.lower() not in found]
        found |= {group.dn.lower(): group for group in fresh}
    return list(found.values())


def _has_member(dn: str) -> str:
    escaped = escape_filter_chars(dn)
    return f"(member={escaped})(uniqueMember={escaped})"


def _chunks(groups: list[Person]) -> Iterator[list[Person]]:
    for start in range(0, len(groups), ASKED_TOGETHER):
        yield groups[start : start + ASKED_TOGETHER]


def _by_member_of(search: Search, person: Person, rules: GroupRules) -> list[Person]:
    """By what the person's entry says, then by what the groups' entries say. A group outside of the base does not
    count, and leads to others."""
    found: dict[str, Person] = {}
    fresh = person.texts("memberOf")
    while fresh and len(found) < MOST_GROUPS:
        above: list[str] = []
        for dn in fresh[: MOST_GROUPS - len(found)]:
            if dn.lower() in found:
                continue
            group = next(iter(search(dn, "(objectClass=*)", BASE, [rules.name, "memberOf"])), None)
            found[dn.lower()] = group or Person(dn, {})
            above += group.texts("memberOf") if group else ()
        fresh = above if rules.nested else []
    return [group for group in found.values() if not rules.base or is_below(group.dn, rules.base)]


def is_below(dn: str, base: str) -> bool:
    """Whether an entry stands at this place of the directory, or below it."""
    try:
        parts, end = _parts(dn), _parts(base)
    except LDAPInvalidDnError:
        return False
    return parts[len(parts) - len(end) :] == end if len(parts) >= len(end) else False


def _parts(dn: str) -> list[tuple[str, str]]:
    return [(name.lower(), " ".join(value.lower().split())) for name, value, _ in _parsed(dn)]


def _parsed(dn: str) -> Iterable[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = parse_dn(dn, strip=True)
    return found
