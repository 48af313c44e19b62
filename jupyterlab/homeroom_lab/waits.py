"""Programs of this lab that wait for what runs for them elsewhere, as grading does: they use no CPU here, and the lab
is in use all the same.

Who waits holds a lock on a file, which ends with them, however they end.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PLACE = Path("/tmp/.homeroom-waits")  # noqa: S108 - a lab's own, of which nothing is read


@contextmanager
def waiting() -> Iterator[None]:
    """While somebody waits. Where that cannot be noted, as on a full disk, they wait all the same."""
    descriptor = _opened()
    try:
        if descriptor is not None:
            with suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def are_any() -> bool:
    """Whether somebody waits."""
    descriptor = _opened()
    if descriptor is None:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _opened() -> int | None:
    """The file, whatever lies in its place; None: it cannot be had."""
    try:
        return os.open(PLACE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
