"""Mounts, as the hub asks for them and the guard checks them."""

from __future__ import annotations

from dataclasses import dataclass

LAB_SOCKETS_TARGET = "/run/lab"
HUB_SOCKET_TARGET = "/run/hub"


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A mount in one form, whichever of the API's three it was asked in."""

    source: str
    target: str
    read_only: bool
