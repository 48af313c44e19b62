"""The directory, for the hub."""

from __future__ import annotations

import re
from typing import Any

from generator.rendering.context import Context, Rendered
from generator.topics.ldap import ldap
from generator.topics.ldap.site import NAME, Ldap

SITE_IN_HUB = "/srv/site"
KINDS = {
    "openldap": {
        "subject": "entryUUID",
        "name": "uid",
        "filter": "(uid={name})",
        "groups": "search",
    },
    "active-directory": {
        "subject": "objectGUID",
        "name": "sAMAccountName",
        "filter": "(&(objectCategory=person)(objectClass=user)(sAMAccountName={name}))",
        "groups": "active-directory",
    },
    "freeipa": {
        "subject": "ipaUniqueID",
        "name": "uid",
        "filter": "(uid={name})",
        "groups": "member-of",
    },
}
"""What is usual in each kind of directory."""


def render(context: Context) -> Rendered:
    """What the way and the directory are told."""
    found = ldap.load(context.settings, context.site)
    if found is None:
        return Rendered()
    return Rendered(hub={"way": given(way_traits(found)), "directory": given(directory_traits(found))})


def way_traits(found: Ldap) -> dict[str, Any]:
    """Who may sign in."""
    return {
        "title": found.title,
        "allow_all": found.allow_all,
        "allowed_users": sorted(found.allowed_users),
        "allowed_groups": sorted(map(group_name, found.allowed_groups)),
        "allowed_filter": found.allowed_filter,
        "admin_groups": sorted(map(group_name, found.admin_groups)),
    }


def directory_traits(found: Ldap) -> dict[str, Any]:
    """Where the directory is, and what it calls things."""
    usual, said = KINDS[found.kind], found.attributes
    traits = {
        "servers": found.servers,
        "security": found.tls,
        "ca_file": f"{SITE_IN_HUB}/{found.ca_file}" if found.ca_file else None,
        "timeout_seconds": found.timeout_seconds,
        "lookup_dn_search_user": found.bind_dn,
        "subject_attribute": said.subject or usual["subject"],
        "name_attribute": said.name or usual["name"],
        "email_attribute": said.email,
        "display_name_attribute": said.display_name,
        "language_attribute": said.language,
    }
    if found.search is not None:
        traits |= {
            "lookup_dn": True,
            "user_search_base": found.search.base,
            "lookup_dn_search_filter": as_format(found.search.filter or usual["filter"], "login"),
        }
    else:
        traits["bind_dn_template"] = [as_format(one, "username") for one in found.template or ()]
    if found.groups is not None:
        traits |= {
            "groups_from": found.groups.source or usual["groups"],
            "group_base": found.groups.base,
            "group_name_attribute": found.groups.name,
            "nested_groups": found.groups.nested,
        }
    return traits


def as_format(text: str, field: str) -> str:
    """A filter or template as the library fills it in: the name's place under its word, all other braces as they
    are."""
    return text.replace("{", "{{").replace("}", "}}").replace(f"{{{NAME}}}", f"{{{field}}}")


def group_name(name: str) -> str:
    """A group of the directory as the hub calls it: `homeroom.ldap.people.group_name`."""
    return "ldap-" + re.sub(r"\s+", "-", name.strip().lower())


def given(traits: dict[str, Any]) -> dict[str, Any]:
    """Those that are said; the others stay as the hub has them."""
    return {name: value for name, value in traits.items() if value not in (None, "", [])}
