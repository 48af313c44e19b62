"""An archive that somebody sends, taken apart: a tar, plain or by gzip, or a zip. Plain files alone."""

from __future__ import annotations

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO

from homeroom.courses.desk.receipt import File
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.unpack import EMPTY, plain_parts, shown, unpack
from homeroom.courses.material.unfit import Unfit

MOST_BYTES = 4 << 30
"""Of all that comes out of one."""
MOST_ENTRIES = 50_000
PIECE_BYTES = 1 << 20
DESK = "desk"
"""In an archive of a whole course: what the desk has of it, which is no material."""
GZIP, ZIP = b"\x1f\x8b", b"PK"
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What a zip of somebody else's comes to."""


WHOLE_BYTES, WHOLE_ENTRIES, DEEPER = 256 << 30, 2_000_000, 8
"""The same of an archive of a whole course, where hand-ins lie so many folders deeper: the disk is its bound."""


def take_apart(archive: Path, target: Path, work: Path) -> None:
    """Write what is in it below an empty directory.

    :param work: a directory for what is on its way.
    :raises Unfit: it is no archive, holds anything but plain files and folders, or is too much.
    """
    try:
        with archive.open("rb") as file:
            head = file.read(2)
        if head == ZIP:
            _unzip(archive, target)
            return
        tar = archive
        if head == GZIP:
            tar = work / "archive.tar"
            _expand(archive, tar, MOST_BYTES)
        unpack(tar, target, MOST_BYTES, most_entries=MOST_ENTRIES, left_out=(DESK,))
    except Refused as refused:
        raise Unfit(refused.why) from None
    except OSError as error:
        raise Unfit(f"It cannot be written: {error.strerror}") from None


def take_part(archive: Path, target: Path, work: Path, left_out: Collection[str]) -> tuple[File, ...]:
    """Write a part of what `make course-export` wrote below an empty directory; returns its files, which may be none.

    :param left_out: names at its top that are no part of it.
    :raises Unfit: it is no such archive, holds anything but plain files and folders, or the disk is full.
    """
    tar = work / "archive.tar"
    try:
        _expand(archive, tar, WHOLE_BYTES)
        return unpack(tar, target, WHOLE_BYTES, most_entries=WHOLE_ENTRIES, left_out=left_out, deeper=DEEPER)
    except Refused as refused:
        if refused.why == EMPTY:
            return ()
        raise Unfit(refused.why) from None
    except OSError as error:
        raise Unfit(f"It cannot be written: {error.strerror}") from None
    finally:
        tar.unlink(missing_ok=True)


def _expand(archive: Path, tar: Path, most_bytes: int) -> None:
    left = most_bytes + (64 << 20)  # a tar's own headers
    with archive.open("rb") as source, tar.open("xb") as target:
        packed = zlib.decompressobj(wbits=31)
        while piece := source.read(PIECE_BYTES):
            while piece:
                try:
                    out = packed.decompress(piece, PIECE_BYTES)
                except zlib.error as error:
                    raise Unfit(f"What came is no whole archive: {error}") from None
                left -= len(out)
                if left < 0:
                    raise Unfit(f"It is larger than {most_bytes >> 30} GiB.")
                target.write(out)
                piece = packed.unconsumed_tail
                if packed.eof:
                    break
        if not packed.eof:
            raise Unfit("What came is no whole archive: its end is missing.")


def _unzip(archive: Path, target: Path) -> None:
    left = MOST_BYTES
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            if len(entries) > MOST_ENTRIES:
                raise Unfit(f"There are more than {MOST_ENTRIES} files and folders in it.")
            for entry in entries:
                parts = plain_parts(entry.filename)
                mode = entry.external_attr >> 16
                if entry.create_system == 3 and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                    raise Unfit(f"{shown(entry.filename)} is neither a file nor a folder.")
                if entry.is_dir() or not parts:
                    target.joinpath(*parts).mkdir(mode=0o700, parents=True, exist_ok=True)
                    continue
                path = target.joinpath(*parts)
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with opened.open(entry) as source:
                    left -= _write(source, path, left)
    except DAMAGED as error:
        raise Unfit(f"What came is no whole archive: {str(error)[:80]}") from None
    except MemoryError:
        raise Unfit("What came asks for more memory than there is to take it apart.") from None
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise Unfit("Two things in it have one name.") from None


def _write(source: IO[bytes], path: Path, most_bytes: int) -> int:
    written = 0
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := _read(source):
            written += len(piece)
            if written > most_bytes:
                raise Unfit(f"It is larger than {MOST_BYTES >> 30} GiB.")
            file.write(piece)
    return written


def _read(source: IO[bytes]) -> bytes:
    """The next piece. :raises EOFError: it is damaged, which bzip2's tells as an error of files."""
    try:
        return source.read(PIECE_BYTES)
    except OSError as error:
        if error.errno is not None:
            raise
        raise EOFError(str(error)) from None
