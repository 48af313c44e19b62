"""What a web server in front says in headers, and what others say in its name."""

from __future__ import annotations

import pytest
from homeroom.sign_in.way import Refused
from homeroom.sso import headers
from tornado.httputil import HTTPHeaders

SECRET = "0123456789abcdef" * 4


def sent(*lines: tuple[str, str]) -> HTTPHeaders:
    """Headers as the hub's server reads them."""
    found = HTTPHeaders()
    for name, value in lines:
        found.add(name, value)
    return found


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"ada", "ada"),
        ("Zo\u00eb M\u00fcller".encode(), "Zo\u00eb M\u00fcller"),
        ("Zo\u00eb M\u00fcller".encode("latin-1"), "Zo\u00eb M\u00fcller"),
        ("Zoe\u0308 Mu\u0308ller".encode(), "Zo\u00eb M\u00fcller"),
        (b"ada \t lovelace", "ada lovelace"),
        (b"(null)", ""),
        (b"", ""),
        (b"-", ""),
        ("a\u202eb".encode(), ""),
    ],
)
def test_a_name_is_one_name(raw: bytes, text: str) -> None:
    """UTF-8, Latin-1 and both ways to write an accent are the same name; `(null)` is none, nor is what cannot be
    shown."""
    assert headers.value(sent(("X-SSO-User", raw.decode("latin-1"))), "X-Sso-User") == text


@pytest.mark.parametrize(
    "lines",
    [
        [("X-SSO-User", "ada"), ("X-SSO-User", "admin")],
        [("X-SSO-User", "ada"), ("X_SSO_User", "admin")],
        [("X_SSO_User", "admin")],
        [("X-SSO_User", "admin")],
    ],
)
def test_two_names_are_none(lines: list[tuple[str, str]]) -> None:
    """A header that is there twice, or in a spelling that some take for it, is refused: one of them is a guest's."""
    with pytest.raises(Refused) as refused:
        headers.value(sent(*lines), "X-SSO-User")
    assert refused.value.reason == "two-headers"


def test_groups_are_taken_apart() -> None:
    """Entries between separators, one of which may hold the separator after a backslash, as Shibboleth writes it."""
    found = headers.values(sent(("X-SSO-Groups", r"staff; a\;b ;;(null);physics")), "X-SSO-Groups", ";")
    assert found == ["staff", "a;b", "physics"]
    assert headers.values(sent(), "X-SSO-Groups", ";") == []


@pytest.mark.parametrize(
    ("lines", "secret", "proven"),
    [
        ([("X-SSO-Secret", SECRET)], SECRET, True),
        ([("X-SSO-Secret", SECRET[:-1])], SECRET, False),
        ([("X-SSO-Secret", "\u00e4")], SECRET, False),
        ([("X_SSO_Secret", SECRET)], SECRET, False),
        ([("X-SSO-Secret", "wrong"), ("X-SSO-Secret", SECRET)], SECRET, False),
        ([("X-SSO-Secret", "")], "", False),
        ([], "", False),
        ([], SECRET, False),
    ],
)
def test_who_shows_the_secret_is_believed(lines: list[tuple[str, str]], secret: str, proven: bool) -> None:
    """It must be there once and whole; without one in `.env` nobody is believed."""
    assert headers.is_proven(sent(*lines), secret) == proven
