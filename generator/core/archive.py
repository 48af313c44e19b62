"""Archives of what a deployment keeps: written whole or not at all, for their owner alone, and never over a file."""

from __future__ import annotations

import fcntl
import gzip
import io
import os
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from generator.core.errors import HomeroomError

ENDINGS = (".tar.gz", ".tgz")
"""Another name is taken for a folder's that is not there."""
FAST = 1
"""Of gzip's levels: notebooks and data shrink little more at others, which take four times as long."""
Choose = Callable[[tarfile.TarInfo], bool]
"""Whether something is written; it may have another name then."""


def target_of(to: str, name: str, usage: str) -> Path:
    """The file to write.

    :param name: of the file, without its ending, where TO is a folder.
    :param usage: the command as it should be.
    :raises HomeroomError: none is named, it is there already, or its folder is not.
    """
    if not to:
        raise HomeroomError("TO is missing", location="TO", remedy=f"Run `{usage}`.")
    path = Path(to).expanduser().absolute()
    if path.is_dir():
        path /= f"{name}.tar.gz"
    elif not path.name.endswith(ENDINGS):
        raise HomeroomError(
            f"there is no folder {path}", location="TO", remedy="Make it, or name a file that ends with .tar.gz."
        )
    if os.path.lexists(path):
        raise HomeroomError(f"{path} is there already", location="TO", remedy="Name another file, or move that one.")
    if not path.parent.is_dir():
        raise HomeroomError(f"there is no folder {path.parent}", location="TO", remedy="Make it, or name another one.")
    return path


class Stream(io.RawIOBase):
    """Pieces that come one after the other, as a file to read; `tail` is the end of what came."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = b""
        self.tail = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on."""
        while not self.rest:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.rest = piece
            self.tail = (self.tail + piece)[-tarfile.BLOCKSIZE :]
        count = min(len(buffer), len(self.rest))
        buffer[:count], self.rest = self.rest[:count], self.rest[count:]
        return count


def everything(_: tarfile.TarInfo) -> bool:
    """Whether an entry is wanted: each is."""
    return True


def write(target: Path, texts: Mapping[str, str], tars: Iterable[Iterator[bytes]], chosen: Choose = everything) -> int:
    """Write an archive, whole or not at all; returns how many files and folders of the tars are in it.

    :param texts: files to begin with, by their names.
    :param tars: what follows, each as a tar comes, or nothing.
    :param chosen: says of each entry whether it is wanted; it may give it another name.
    :raises HomeroomError: it cannot be written.
    """
    try:
        with _alone(target.with_name(f".{target.name}.part"), target) as (growing, descriptor):
            with (
                os.fdopen(descriptor, "wb", closefd=False) as file,
                gzip.GzipFile(fileobj=file, mode="wb", compresslevel=FAST) as packed,
                tarfile.open(fileobj=packed, mode="w|") as archive,
            ):
                for name, text in texts.items():
                    _add_text(archive, name, text)
                count = sum(_add_files(archive, pieces, chosen) for pieces in tars)
            os.fsync(descriptor)
            os.link(growing, target)  # never over a file that came meanwhile
    except (OSError, tarfile.TarError) as error:
        raise HomeroomError(
            f"the archive cannot be written: {error}", location=str(target), remedy="Make room, or name another place."
        ) from None
    return count


@contextmanager
def _alone(growing: Path, target: Path) -> Iterator[tuple[Path, int]]:
    """The file to write into and its descriptor; it is gone at the end. What a run that was killed has left goes first.

    :raises HomeroomError: another run writes it now.
    """
    try:
        with suppress(FileNotFoundError):
            _require_left(growing)
            growing.unlink()
        descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except (BlockingIOError, FileExistsError):
        raise HomeroomError(
            "another run is just writing it", location=str(target), remedy="Wait until it has ended, or name another."
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield growing, descriptor
    finally:
        growing.unlink(missing_ok=True)
        os.close(descriptor)


def _require_left(growing: Path) -> None:
    """:raises BlockingIOError: whoever made this file still writes it."""
    try:
        left = os.open(growing, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # none, or none of ours
        return
    try:
        fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(left)


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(content))


def _add_files(archive: tarfile.TarFile, files: Iterator[bytes], chosen: Choose) -> int:
    first = next(files, b"")
    if not first:
        return 0

    def all_pieces() -> Iterator[bytes]:
        yield first
        yield from files

    count = 0
    stream = Stream(all_pieces())
    reader = io.BufferedReader(stream)
    with tarfile.open(fileobj=reader, mode="r|") as given:
        for entry in given:
            if chosen(entry):
                # Without a long name as it was: where there is one, it is written in place of `entry.name`.
                entry.pax_headers = {key: value for key, value in entry.pax_headers.items() if key != "path"}
                archive.addfile(entry, given.extractfile(entry) if entry.isreg() else None)
                count += 1
            for each in (given, archive):  # they keep all of them, and somebody may have millions of files
                each.members.clear()  # type: ignore[attr-defined]  # it is there, as it is in Python's documentation
    while reader.read(tarfile.RECORDSIZE):
        pass
    if stream.tail.strip(b"\0"):
        raise tarfile.ReadError("the files end in the middle")
    return count
