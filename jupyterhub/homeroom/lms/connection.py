"""How a course is connected with one of a learning platform, as the hub tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
LINE_ITEM, SCORE = f"{AGS}lineitem", f"{AGS}score"
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPES = (LINE_ITEM, SCORE, MEMBERS)
CANVAS = "instructure.com"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A learning platform, as its tool has to know it.

    :param token_url: where it gives tokens; empty: nobody said it.
    :param certificate: authorities of its certificate, as PEM; empty: those of the system.
    :param hosts: names that its configuration has: these may be on a private network.
    """

    name: str
    issuer: str
    client_id: str
    token_url: str = ""
    certificate: str = ""
    hosts: frozenset[str] = frozenset()

    @property
    def is_canvas(self) -> bool:
        """Whether it is a Canvas, which takes each grade for an attempt unless it is told otherwise."""
        host = urlsplit(self.issuer).hostname or ""
        return host == CANVAS or host.endswith(f".{CANVAS}")


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A course of this hub and one of a platform.

    :param lineitems: where the columns of its gradebook are; empty: no launch has said it.
    :param lineitem: the column of the link that was launched; empty: it has none.
    :param scopes: what the platform lets tools do with its gradebook.
    :param members: where its members are listed; empty: no launch has said it.
    :param roster: whether its members are to be the course's.
    :param grades: `per_assignment`, `sum` or `none`.
    """

    course: str
    platform: Platform
    deployment_id: str
    context: str
    lineitems: str = ""
    lineitem: str = ""
    scopes: frozenset[str] = field(default_factory=frozenset)
    members: str = ""
    roster: bool = True
    grades: str = "per_assignment"

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Connection:
        """:raises TypeError: it is none of ours."""
        platform = {**values["platform"], "hosts": frozenset(values["platform"]["hosts"])}
        return cls(**{**values, "platform": Platform(**platform), "scopes": frozenset(values["scopes"])})

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        platform = {**vars(self.platform), "hosts": sorted(self.platform.hosts)}
        return {**vars(self), "platform": platform, "scopes": sorted(self.scopes)}

    @property
    def makes_columns(self) -> bool:
        """Whether tools may make columns there, one an assignment."""
        return bool(self.lineitems) and LINE_ITEM in self.scopes

    @property
    def manner(self) -> str:
        """How grades go there: `per_assignment`, `sum`, or `none` where they cannot, or are not to."""
        if self.grades == "none" or SCORE not in self.scopes or not (self.lineitem or self.makes_columns):
            return "none"
        return "per_assignment" if self.grades == "per_assignment" and self.makes_columns else "sum"


def hosts_of(addresses: Iterable[str]) -> frozenset[str]:
    """The names in these addresses."""
    return frozenset(host for each in addresses if (host := urlsplit(each).hostname))
