"""Hosts of labs, others than the hub's: what a page of a lab does in a browser, it then does not do as a page of the
hub; and where each user's labs have one of their own, nor as a page of another's lab."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOST_LETTERS = 63
_SHOWN_LETTERS = 8
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class LabsHost:
    """JupyterHub's `subdomain_hook`. Labs are told apart by their paths in any case.

    :param name: the host of all labs.
    :param apart: whether the labs of each user have a host of their own below it.
    """

    name: str
    apart: bool = False

    def __call__(self, user: str, _hub: str = "", *, kind: str = "user") -> str:
        """The name of the host of a user's labs, or of a service."""
        return f"{label(user)}.{self.name}" if self.apart and kind == "user" else self.name


def label(user: str) -> str:
    """What stands for a user's name in the name of a host: itself where it can, and no two users have the same.

    JupyterHub's own `idna` hook tells names apart by 28 bits of a hash where they are no labels: whoever may choose
    a name finds one with the host of another user's labs in minutes. Nor does it see that hosts know no capitals.
    """
    if _PLAIN.fullmatch(user) and len(user) <= _MOST_LETTERS:
        return user
    digest = base64.b32encode(hashlib.sha256(user.encode()).digest()[:_DIGEST_BYTES]).decode().rstrip("=").lower()
    shown = re.sub(r"[^a-z0-9]", "", user.lower())[:_SHOWN_LETTERS] or "x"
    return f"u-{shown}--{digest}"
