"""A file beside the hub's socket, whose time of change tells labs that there is something new: they need not ask."""

from __future__ import annotations

from pathlib import Path

from homeroom.contract.sockets import HUB

NAME = "announcements"


def touch(folder: Path = HUB) -> None:
    """Have labs ask. :raises OSError: the file cannot be written."""
    path = folder / NAME
    path.touch(mode=0o644)
