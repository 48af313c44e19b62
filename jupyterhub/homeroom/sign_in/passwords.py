"""Passwords and their hashes. A hash is a quarter of a second of computing, for threads; nothing here is shared."""

from __future__ import annotations

import bcrypt

MAX_PASSWORD_BYTES = 72
"""bcrypt reads no more, and its library refuses more."""


def encoded(password: str) -> bytes | None:
    """A password as it is hashed; None where it cannot be one: it is too long, or cannot be written in UTF-8."""
    try:
        found = password.encode()
    except UnicodeEncodeError:
        return None
    return found if len(found) <= MAX_PASSWORD_BYTES and b"\0" not in found else None


def hashed(password: str) -> bytes:
    """What is kept of a password.

    :raises ValueError: it is empty, or none.
    """
    found = encoded(password)
    if not found:
        raise ValueError(f"a password holds 1 to {MAX_PASSWORD_BYTES} bytes")
    return bcrypt.hashpw(found, bcrypt.gensalt())


def matches(password: bytes, kept: bytes | None) -> bool:
    """Whether a password is the one that is kept. Where none is, it takes as long to say no."""
    if kept is None:
        bcrypt.hashpw(password, bcrypt.gensalt())
        return False
    try:
        return bcrypt.checkpw(password, kept)
    except ValueError:  # no hash of a password: nobody has it
        return False
