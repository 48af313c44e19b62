"""Which user name somebody gets who comes from elsewhere for the first time: one that is nobody's, and stays theirs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator

from homeroom.hub.service_names import is_of_service
from homeroom.sign_in.way import Identity

LONGEST = 64
_ODD = re.compile(r"[^a-z0-9._@+-]+")
_SPELT = {"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ł": "l"}
MOST_NAMESAKES = 1000


def plain(name: str) -> str:
    """A name in letters that every user name here is made of; empty where none is left of it.

    Accents are dropped: `Zoë Müller` is `zoe-muller`. What looks like a Latin letter and is none is dropped, too.
    """
    lowered = "".join(_SPELT.get(letter, letter) for letter in name.lower())
    letters = unicodedata.normalize("NFD", lowered)
    kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _ODD.sub("-", kept).strip("-._@+")[:LONGEST]


def candidates(identity: Identity) -> Iterator[str]:
    """The names to try for somebody, the nicest first; each is one that can be a user name."""
    way = plain(identity.way)
    digest = hashlib.sha256(f"{identity.way}\n{identity.subject}".encode()).hexdigest()
    base = plain(identity.name) or f"{way}-{digest[:8]}"
    if is_of_service(base):
        base = f"{way}-{base}"[:LONGEST]
    yield base
    yield _ended(base, f"-{way}")
    for number in range(2, MOST_NAMESAKES):
        yield _ended(base, f"-{way}-{number}")
    yield _ended(base, f"-{digest[:16]}")


def _ended(base: str, ending: str) -> str:
    return base[: LONGEST - len(ending)] + ending


def first_free(identity: Identity, is_taken: Callable[[str], bool]) -> str | None:
    """The first name for somebody that nobody has; None where each is taken."""
    return next((name for name in candidates(identity) if not is_taken(name)), None)
