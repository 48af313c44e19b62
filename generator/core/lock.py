"""One command at a time: two that change the same deployment would get into each other's way."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from generator.core.errors import HomeroomError

BUSY = "another command is changing this deployment just now"


@contextmanager
def exclusive(directory: Path, *, busy: str = BUSY) -> Iterator[int]:
    """Hold a deployment's directory while the body changes something. What holds it is the process: the directory is
    free again however that ends. A file system without locks does not keep commands apart.

    Yields the descriptor that holds it: a command that is handed it holds it as well.

    :param busy: what another one is doing then, in words.
    :raises HomeroomError: another command has it.
    """
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeroomError(
                    busy,
                    location=str(directory),
                    remedy="Wait until it has ended, then run this one again.",
                ) from None
        yield held
    finally:
        os.close(held)


def is_held(directory: Path) -> bool:
    """Whether a command holds a directory now; one that is not there is held by none."""
    try:
        with exclusive(directory):
            return False
    except HomeroomError:
        return True
    except OSError:
        return False
