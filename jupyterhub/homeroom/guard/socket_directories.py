"""The labs' directories of sockets, one a lab, in the volume that the guard alone writes into."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import stat
import subprocess
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from homeroom.contract import sockets
from homeroom.contract.labels import SERVER_LABEL, USER_LABEL
from homeroom.guard.values import Refused

LEFT = ".left-"
"""What the name of a directory begins with that no lab has any more, until it is removed."""

log = logging.getLogger("homeroom.guard")


def make(root: Path, name: str) -> None:
    """Make a lab's directory of sockets, where no one else may make anything: what the engine binds stays what it is.

    :raises Refused: where another file could be, or was, put in its place, such as a link to `/`; where it
        cannot be made.
    """
    own = root / name
    try:
        parent = root.stat()
        if parent.st_uid != os.geteuid() or parent.st_mode & 0o022:
            raise Refused(f"{root} must be writable by the guard alone (0:100, mode 2750)")
        with contextlib.suppress(FileExistsError):
            own.mkdir()
        if not stat.S_ISDIR(own.lstat().st_mode):
            raise Refused(f"{own} is no directory")
        own.chmod(0o2770)
    except OSError as error:  # said here, or it would pass for an engine that does not answer
        raise Refused(f"the directory of the lab's socket cannot be made: {error}") from error


def names_of(lab: dict[str, Any]) -> Collection[str]:
    """The names that a lab's directory of sockets may have, by what the engine's listing tells of its container."""
    labels = lab.get("Labels") or {}
    mounted = {Path(each.get("Source") or "").name for each in lab.get("Mounts") or [] if isinstance(each, dict)}
    return mounted | {sockets.directory_name(labels.get(USER_LABEL, ""), labels.get(SERVER_LABEL, ""))}


def set_aside(root: Path, name: str) -> Path | None:
    """Free the name of a lab's directory for the next lab; returns where it is now, None where there is none."""
    left = root / (name if name.startswith(LEFT) else f"{LEFT}{name}-{time.time_ns()}")
    try:
        (root / name).rename(left)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("the directory %s of a lab that is gone stays: %s", name, error)
        return None
    return left


async def remove(paths: Collection[Path]) -> None:
    """Remove what labs left behind. What their users laid there and only they may remove stays.

    A user chooses how deep and how wide it is. `rm` needs little memory and few open files for any of it, where
    Python's `rmtree` holds a whole directory and all levels, and would take the guard along.
    """
    remover = await asyncio.create_subprocess_exec(
        "rm", "-rf", "--", *map(str, paths), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    if await remover.wait():
        stays = [path.name for path in paths if path.exists()]
        log.warning("left by labs that are gone, and not to be removed: %s", ", ".join(stays))
