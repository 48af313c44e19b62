"""Files beside the hub's socket, whose times of change tell labs that there is something new: they need not ask."""

from __future__ import annotations

from pathlib import Path

from homeroom.contract.sockets import HUB

ANNOUNCEMENTS = "announcements"


def touch(folder: Path = HUB, name: str = ANNOUNCEMENTS) -> None:
    """Have labs ask. :raises OSError: the file cannot be written."""
    (folder / name).touch(mode=0o644)
