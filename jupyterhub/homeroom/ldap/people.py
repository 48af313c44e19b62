"""What an entry of the directory says of a person."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ldap3.utils.conv import escape_bytes, escape_filter_chars

from homeroom.sign_in.way import Refused
from homeroom.texts.said import say

LOCKS = ("userAccountControl", "accountExpires", "pwdAccountLockedTime", "nsAccountLock")
"""By which directories say that an account is closed: Active Directory by the first two, OpenLDAP, 389 and FreeIPA."""
AD_DISABLED = 0x2
AD_NEVER = (0, 0x7FFFFFFFFFFFFFFF)
AD_EPOCH_SECONDS = 11_644_473_600
"""From 1601, when Active Directory's time begins, to 1970."""
FOR_GOOD = "000001010000Z"
"""An account that an administrator of OpenLDAP has locked. One that wrong passwords have locked, for a while, has the
time of the last of them: anybody can do that to others, so it ends no session."""
BINARY = ("objectguid", "guid")
"""Attributes whose values are the 16 bytes of a UUID: Active Directory's, in its own order, and eDirectory's."""
LONGEST_SUBJECT = 255


@dataclass(frozen=True)
class Person:
    """An entry: where it stands, and its values by the attributes' names in small letters."""

    dn: str
    values: Mapping[str, tuple[bytes, ...]]

    @classmethod
    def of(cls, dn: str, raw: Mapping[str, Iterable[bytes]]) -> Person:
        """As the library gives it."""
        return cls(dn, {name.lower(): tuple(values) for name, values in raw.items() if values})

    def texts(self, attribute: str) -> list[str]:
        """The values of an attribute that are text, in the order of the alphabet: a directory's own means nothing."""
        found = []
        for value in self.values.get(attribute.lower(), ()):
            try:
                found.append(value.decode())
            except UnicodeDecodeError:
                continue
        return sorted(found)

    def text(self, attribute: str) -> str:
        """The first of them, without line breaks; empty where there is none."""
        return " ".join(next(iter(self.texts(attribute)), "").split())

    def subject(self, attribute: str) -> str:
        """What never changes of them.

        :raises Refused: the entry has no such value, or several.
        """
        values = self.values.get(attribute.lower(), ())
        found = as_subject(attribute, values[0]) if len(values) == 1 else ""
        if not 0 < len(found) <= LONGEST_SUBJECT:
            raise Refused(
                "no-subject",
                say("ldap.no_subject"),
                detail=f"{self.dn} has {len(values)} values of {attribute}; one tells who it is",
                remedy="Set attributes.subject in site/ldap.yaml to one that everybody has and that never changes, and "
                "see that bind_dn may read it.",
            )
        return found

    def is_closed(self, now_seconds: float | None = None) -> bool:
        """Whether the directory says that this account is closed."""
        now = time.time() if now_seconds is None else now_seconds
        control, expires = _whole(self.text("userAccountControl")), _whole(self.text("accountExpires"))
        return (
            bool(control & AD_DISABLED)
            or (expires not in AD_NEVER and expires / 1e7 - AD_EPOCH_SECONDS < now)
            or self.text("pwdAccountLockedTime") == FOR_GOOD
            or self.text("nsAccountLock").lower() == "true"
        )


def as_subject(attribute: str, value: bytes) -> str:
    """An immutable value as it is kept: text as it is, the bytes of a UUID as one; empty for anything else."""
    name = attribute.lower()
    if name in BINARY and len(value) == 16:
        return str(uuid.UUID(bytes_le=value) if name == BINARY[0] else uuid.UUID(bytes=value))
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() else ""


def subject_filter(attribute: str, subject: str) -> str:
    """The filter that finds who is kept by this subject."""
    name = attribute.lower()
    if name not in BINARY:
        return f"({attribute}={escape_filter_chars(subject)})"
    known = uuid.UUID(subject)
    return f"({attribute}={escape_bytes(known.bytes_le if name == BINARY[0] else known.bytes)})"


def group_name(name: str) -> str:
    """A group of the directory as it is called here: the way's prefix, small letters, dashes for blanks. A directory
    takes `Physics` and `physics` for the same, too."""
    return "ldap-" + re.sub(r"\s+", "-", name.strip().lower())


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"-?[0-9]{1,20}", text) else 0
