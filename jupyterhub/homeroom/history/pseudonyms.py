"""Pseudonyms: who somebody is cannot be told from one, nor found by trying names."""

from __future__ import annotations

import hmac
import secrets

DIGITS = 8
WHOLE = 64


class Pseudonyms:
    """Those of one export: the same person has the same one in all of it, and another one in the next.

    The key is made for the export and kept nowhere, so that nobody can make the pseudonym of a name that they guess.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._given: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The pseudonym of a name. No two names have the same one."""
        digest = hmac.digest(self._key, name.encode("utf-8", "surrogatepass"), "sha256").hex()
        for length in range(DIGITS, WHOLE + 1):
            made = f"person-{digest[:length]}"
            if self._given.setdefault(made, name) == name:
                return made
        raise AssertionError("two names with the same digest")
