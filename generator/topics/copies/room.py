"""Whether all of a copy finds room where it is to come back: told before anything is."""

from __future__ import annotations

from pathlib import Path

from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.engine.deployment import Deployment
from generator.preflight.disk import Filesystem, read_filesystem
from generator.topics.copies.restore import Copy

BLOCK_BYTES = 4096
"""What a file takes beyond its size at most, on file systems as they are made."""
LEFT_FREE_BYTES = 1 << 30
"""What the machine needs besides: it must not be filled to the brim."""


def need_bytes(copy: Copy) -> int:
    """How much room all of a copy takes on a disk."""
    return copy.size_bytes + copy.files * BLOCK_BYTES


def require(deployment: Deployment, copy: Copy) -> None:
    """See that there is room for all of a copy.

    :raises HomeroomError: there is not, with how much is missing.
    """
    place = deployment.settings.HOMES or str(deployment.client.info()["DockerRootDir"])
    disk = read_filesystem(Path(place))
    if disk is not None:  # else it cannot be seen from here, and restic tells when it is full
        check(copy, disk)


def check(copy: Copy, disk: Filesystem) -> None:
    """See that a disk has room for all of a copy.

    :raises HomeroomError: it has not.
    """
    need, free = need_bytes(copy), max(0, disk.free_bytes - LEFT_FREE_BYTES)
    if need > free:
        raise HomeroomError(
            f"the copy of {copy.words} needs {in_units(need)}, and {in_units(free)} may be used there "
            f"({in_units(LEFT_FREE_BYTES)} stay free)",
            location=str(disk.path),
            remedy="Make room there, or take a larger disk. Nothing was changed.",
        )
    if disk.total_inodes and copy.files > disk.free_inodes:
        raise HomeroomError(
            f"the copy of {copy.words} is of {copy.files} files, and {disk.free_inodes} inodes (files) are free there",
            location=str(disk.path),
            remedy="Make room there, or take a disk that was made for more files. Nothing was changed.",
        )
