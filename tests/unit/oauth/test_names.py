"""homeroom.oauth.names: names at providers become names here, and nobody's look-alike becomes somebody."""

from __future__ import annotations

import re

import pytest
from homeroom.oauth.names import MAX_NAME, user_name
from hypothesis import given
from hypothesis import strategies as st

from generator.schema.types import USERNAME_PATTERN


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("ada", "ada"),
        ("Ada-Lovelace", "ada-lovelace"),
        ("ada@uni.example", "ada"),
        ("Ada@UNI.example", "ada"),
        ("ada@evil.example", "ada@evil.example"),
        ("ada.l+x", "ada.l+x"),
    ],
)
def test_a_plain_name_stays_what_it_is(found: str, expected: str) -> None:
    """People find themselves again: small letters, without the domain that is theirs all."""
    assert user_name(found, "1", "uni.example") == expected


@pytest.mark.parametrize(
    "found", ["adä", "\u0430da", "ada ", "ada/", "-ada", "ada\u200b", "\uff21\uff24\uff21", "Ada\n"]
)
def test_a_look_alike_is_somebody_else(found: str) -> None:
    """Whose name cannot be one here is not `ada` for it, and no second such person is the first."""
    one, other = user_name(found, "1"), user_name(found, "2")
    assert one not in ("ada", other)
    assert re.fullmatch(r"[a-z0-9._@+-]*-[0-9a-f]{8}", one)


@given(st.text(), st.text())
def test_any_name_becomes_one(found: str, subject: str) -> None:
    """Whatever a provider calls somebody, what is proposed can be a user name, and is not long."""
    name = user_name(found, subject)
    assert re.match(USERNAME_PATTERN, name)
    assert len(name) <= MAX_NAME + 9
