"""The secret in a link by which somebody gives their account a new password. Apart, so that no library is waited for.

Only its digest is kept; the account's password is part of that, so a link is worth nothing once the password changed.
"""

from __future__ import annotations

import hashlib
import secrets

GOOD_SECONDS = 86400


def new_secret() -> str:
    """A secret that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str, kept: bytes) -> str:
    """What is kept of a secret.

    :param kept: what is kept of the account's password.
    """
    return hashlib.sha256(secret.encode("utf-8", "replace") + b"\0" + kept).hexdigest()
