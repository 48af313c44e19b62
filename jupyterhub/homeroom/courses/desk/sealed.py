"""Folders that nobody writes into any more, and how they come onto the disk: whole, or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """A new file, on the disk. :raises FileExistsError: there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o440)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def close(folder: Path) -> None:
    """Take the right to write away, from the innermost folder to the outermost."""
    for path, _, _ in os.walk(folder, topdown=False):
        Path(path).chmod(0o550)
        to_disk(Path(path))


def to_disk(folder: Path) -> None:
    """Have the names in a folder be on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Remove what may be sealed."""
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o700)
    shutil.rmtree(folder)
