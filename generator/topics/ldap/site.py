"""The form of site/ldap.yaml."""

from __future__ import annotations

import itertools
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from generator.schema.types import written_as
from generator.site.models import Form, Rules, Strict, Text

LDAP = "ldap.yaml"
NAME = "{name}"
"""Stands in a filter or template for what somebody types."""


def check_server(value: str) -> str:
    """Require `ldap://` or `ldaps://` with a name or address, and perhaps a port."""
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("ldap", "ldaps"):
        raise ValueError("must be an address such as ldaps://ldap.uni.example")
    odd = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if odd or not parts.hostname or not re.fullmatch(r"[A-Za-z0-9._:-]+", parts.hostname) or port == 0:
        raise ValueError(
            "must be ldap:// or ldaps:// with a host's name and perhaps a port; what is looked for is base"
        )
    return value.rstrip("/")


def check_filter(value: str) -> str:
    """Require a filter's form: parentheses that belong together, all of it in one pair."""
    text = re.sub(r"\\[0-9a-fA-F]{2}", "", value)
    depths = list(itertools.accumulate({"(": 1, ")": -1}.get(letter, 0) for letter in text))
    is_one = bool(depths) and depths[-1] == 0 and all(depth > 0 for depth in depths[:-1])
    if not is_one or "=" not in text or "()" in text:
        raise ValueError("must be a filter in parentheses, such as (uid={name})")
    return value


def check_names(value: str) -> str:
    """Require a place for the name."""
    if NAME not in value:
        raise ValueError(f"holds no {NAME}, where the name that somebody types belongs")
    return value


def _one_or_several(value: object) -> object:
    return [value] if isinstance(value, str) else value


Server = Annotated[Text, AfterValidator(check_server)]
Filter = Annotated[Text, AfterValidator(check_filter)]
NameFilter = Annotated[Text, AfterValidator(check_filter), AfterValidator(check_names)]
Dn = Annotated[Text, written_as(r"[^=,]+=.+", "a place in the directory such as ou=people,dc=uni,dc=example")]
Template = Annotated[Dn, AfterValidator(check_names)]
Attribute = Annotated[
    Text, written_as(r"[A-Za-z][A-Za-z0-9-]{0,63}(?:;[A-Za-z0-9;-]{1,64})?", "an attribute's name such as uid")
]
FileName = Annotated[
    Text,
    written_as(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "the name of a file in site/: letters, digits and . _ -"),
]


class Search(Strict):
    """How people are found."""

    base: Dn
    filter: NameFilter | None = None


class Attributes(Strict):
    """What an entry says of a person; left out: as the kind of directory has it."""

    subject: Attribute | None = None
    name: Attribute | None = None
    email: Attribute | None = None
    display_name: Attribute | None = None
    language: Attribute | None = None


class Groups(Strict):
    """How groups are found."""

    base: Dn | None = None
    source: Literal["search", "member-of", "active-directory"] | None = Field(None, alias="from")
    name: Attribute = "cn"
    nested: bool = True


class Ldap(Rules):
    """`site/ldap.yaml`."""

    kind: Literal["openldap", "active-directory", "freeipa"] = "openldap"
    title: Text | None = None
    servers: Annotated[list[Server], BeforeValidator(_one_or_several), Field(min_length=1, max_length=16)]
    tls: Literal["starttls", "plain"] | None = None
    ca_file: FileName | None = None
    timeout_seconds: Annotated[int, Field(ge=1, le=60)] = 5
    bind_dn: Text | None = None
    search: Search | None = None
    template: Annotated[list[Template], BeforeValidator(_one_or_several), Field(min_length=1)] | None = None
    attributes: Attributes = Attributes()
    groups: Groups | None = None
    allowed_filter: Filter | None = None

    @property
    def has_rule(self) -> bool:
        """Whether anybody could be let in."""
        return super().has_rule or self.allowed_filter is not None


FORMS = (
    Form(
        name=LDAP,
        model=Ldap,
        what="The LDAP directory or Active Directory whose people sign in, with AUTH=ldap.",
        page="sign-in/ldap",
        order=33,
    ),
)
