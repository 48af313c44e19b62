"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from generator.core.errors import HomeroomError


def write_atomically(path: Path, text: str, *, mode: int = 0o644, replace: bool = True) -> bool:
    """Write `text` to `path` so that a reader, a crash or a full disk never meets half of it.

    A file that already holds `text` with this mode is left alone, its time of change included. With `replace=False`
    an existing file is never overwritten, not even one that appeared meanwhile.

    :returns: whether the file changed.
    :raises HomeroomError: the directory cannot be written, or the disk is full.
    """
    data = text.encode()
    temporary = None
    try:
        if path.exists() and path.read_bytes() == data and path.stat().st_mode & 0o777 == mode:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if replace:
            os.replace(temporary, path)
            return True
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        return True
    except OSError as error:
        raise HomeroomError(
            f"cannot be written: {error.strerror}",
            location=str(path),
            remedy="Free space on that disk." if error.errno == 28 else "Run as the user who owns the deployment.",
        ) from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
