"""What an entry of a directory says of a person, Active Directory's manners among them."""

from __future__ import annotations

import uuid

import pytest
from homeroom.ldap import faults
from homeroom.ldap.people import Person, as_subject, group_name, subject_filter
from homeroom.sign_in.way import Refused

KNOWN = uuid.UUID("0123abcd-4567-89ef-8123-456789abcdef")
NOW = 1_800_000_000.0


def person(**values: str | bytes) -> Person:
    """Somebody with these attributes."""
    raw = {name: [value.encode() if isinstance(value, str) else value] for name, value in values.items()}
    return Person.of("uid=ada", raw)


@pytest.mark.parametrize(
    ("attribute", "value", "subject", "matching"),
    [
        ("objectGUID", KNOWN.bytes_le, str(KNOWN), "".join(f"\\{byte:02x}" for byte in KNOWN.bytes_le)),
        ("GUID", KNOWN.bytes, str(KNOWN), "".join(f"\\{byte:02x}" for byte in KNOWN.bytes)),
        ("entryUUID", str(KNOWN).encode(), str(KNOWN), str(KNOWN)),
        ("employeeNumber", b"4(2", "4(2", "4\\282"),
    ],
)
def test_what_never_changes(attribute: str, value: bytes, subject: str, matching: str) -> None:
    """Active Directory's and eDirectory's bytes are the UUID that their own tools show, and each is found again by
    what is kept of it."""
    assert as_subject(attribute, value) == subject
    assert subject_filter(attribute, subject) == f"({attribute}={matching})"


@pytest.mark.parametrize("values", [[], [b"1", b"2"], [b"\xff\xfe"], [b""], [b"a\nb"], [b"x" * 256]])
def test_who_cannot_be_told_is_refused(values: list[bytes]) -> None:
    """No value, several, none that is text, and one that is too long tell nobody who it is."""
    with pytest.raises(Refused):
        Person.of("uid=ada", {"employeeNumber": values}).subject("employeeNumber")


@pytest.mark.parametrize(
    ("values", "closed"),
    [
        ({}, False),
        ({"userAccountControl": "512"}, False),
        ({"userAccountControl": "514"}, True),
        ({"userAccountControl": "66050"}, True),
        ({"userAccountControl": "none"}, False),
        ({"accountExpires": "0"}, False),
        ({"accountExpires": "9223372036854775807"}, False),
        ({"accountExpires": str(int((NOW + 11_644_473_600 - 60) * 1e7))}, True),
        ({"accountExpires": str(int((NOW + 11_644_473_600 + 60) * 1e7))}, False),
        ({"pwdAccountLockedTime": "000001010000Z"}, True),
        ({"pwdAccountLockedTime": "20270115120000Z"}, False),
        ({"nsAccountLock": "TRUE"}, True),
        ({"nsAccountLock": "false"}, False),
    ],
)
def test_accounts_that_are_closed(values: dict[str, str], closed: bool) -> None:
    """An account that an administrator has disabled, or that has expired, is closed; one that wrong passwords have
    locked for a while is not: anybody could end others' sessions so."""
    assert person(**values).is_closed(NOW) == closed


def test_texts_are_one_line_and_in_order() -> None:
    """Names come in an order of their own, on one line; what is no text is left out."""
    found = Person.of("uid=ada", {"cn": [b"Zoe", b"Ada\n  Lovelace", b"\xff"]})
    assert found.texts("CN") == ["Ada\n  Lovelace", "Zoe"]
    assert found.text("cn") == "Ada Lovelace"


@pytest.mark.parametrize(
    ("name", "group"),
    [("physics", "ldap-physics"), ("Domain  Users ", "ldap-domain-users"), ("ldap-physics", "ldap-ldap-physics")],
)
def test_a_group_has_the_ways_prefix(name: str, group: str) -> None:
    """No group of the directory is one of the site's, whatever it is called."""
    assert group_name(name) == group


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 533, v3839", "is disabled"),
        ("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 52e, v3839", None),
        ("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 775, v3839", None),
        ("80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data 525, v3839", None),
        ("", None),
    ],
)
def test_what_active_directory_tells(message: str, said: str | None) -> None:
    """Only what it says to who has the right password is told; a wrong one, an unknown name and an account that is
    locked look the same."""
    assert faults.of_account(message) == said
