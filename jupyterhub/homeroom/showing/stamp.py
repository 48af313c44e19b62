"""A file beside the hub's socket, whose time of change tells labs that one of them is shown, or is no more."""

from __future__ import annotations

import logging
from pathlib import Path

from homeroom.contract.sockets import HUB
from homeroom.hub import lab_stamp

NAME = "showing"
log = logging.getLogger("jupyterhub.homeroom.showing")


def touch(folder: Path = HUB) -> None:
    """Have labs ask. Where the file cannot be written, their pages do not tell; the end comes all the same."""
    try:
        lab_stamp.touch(folder, NAME)
    except OSError as error:
        log.warning("Labs are not told of who may enter them: %s", error)
