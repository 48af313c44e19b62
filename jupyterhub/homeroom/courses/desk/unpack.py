"""What somebody hands in comes as a tar of theirs: only plain files are taken out of it, under plain names.

Nothing of it decides where, as whom, with which mode or time a file is written.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO

from homeroom.courses.desk.receipt import File
from homeroom.courses.desk.refused import Refused

MOST_ENTRIES = 2000
LARGEST_HEADER_BYTES = 1 << 16
DEEPEST = 20
LONGEST_PART_BYTES = 200
LONGEST_NAME_BYTES = 1000
PIECE_BYTES = 1 << 16
SHOWN = 80
EMPTY = "There is no file in it."


class Entry(tarfile.TarInfo):
    """An entry whose own description, which is read into memory, is small. `tarfile` has this method for subclasses."""

    def _proc_member(self, opened: tarfile.TarFile) -> tarfile.TarInfo:
        described = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, *LONG_NAMES)
        if self.type in described and self.size > LARGEST_HEADER_BYTES:
            raise Refused(413, "An entry of it has a name or description that is too long.")
        found: tarfile.TarInfo = super()._proc_member(opened)  # type: ignore[misc]
        return found


LONG_NAMES = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)


def unpack(
    archive: Path,
    target: Path,
    most_bytes: int,
    *,
    most_entries: int = 0,
    left_out: Collection[str] = (),
    deeper: int = 0,
) -> tuple[File, ...]:
    """Write the files of an uncompressed tar below a directory that is empty.

    :param most_bytes: of all files together.
    :param most_entries: how many files and folders there may be; 0: as many as of a hand-in.
    :param left_out: names at its top that are passed over.
    :param deeper: by how many folders more than a hand-in's a file may lie below the top.
    :raises Refused: it is no tar, or holds anything but files and folders under plain names, too many or too much.
    """
    found: list[File] = []
    folders: set[tuple[str, ...]] = set()
    left, end, most = most_bytes, 0, most_entries or MOST_ENTRIES
    try:
        with tarfile.open(archive, "r:", tarinfo=Entry) as opened:
            for member in _members(opened, most):
                parts = plain_parts(member.name, DEEPEST + deeper)
                if parts and parts[0] in left_out:
                    end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                    continue
                end = member.offset_data + -(-member.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                in_folders = parts if member.isdir() else parts[:-1]
                folders |= {in_folders[:length] for length in range(1, len(in_folders) + 1)}
                if len(folders) + len(found) + (not member.isdir()) > most:
                    raise _too_many(most)
                if member.isdir():
                    _folder(target, parts)
                    continue
                if member.size > left:
                    raise Refused(413, f"The files are larger than {most_bytes >> 20} MiB together.")
                left -= member.size
                source = opened.extractfile(member)
                if source is None:
                    raise Refused(422, f"{shown(member.name)} is no plain file.")
                found.append(_write(source, target, parts, member.size))
        _require_end(archive, end)
    except (tarfile.TarError, EOFError, ValueError, UnicodeError, OverflowError) as error:
        raise Refused(422, f"What came is no whole tar: {str(error)[:SHOWN]}") from None
    if not found:
        raise Refused(422, EMPTY)
    return tuple(found)


def _members(opened: tarfile.TarFile, most: int) -> Iterator[tarfile.TarInfo]:
    """The entries of an archive, one after the other. :raises Refused: there are too many, or one is no plain file."""
    number = 0
    while (member := opened.next()) is not None:
        number += 1
        if number > most:
            raise _too_many(most)
        if member.issym() or member.islnk():
            raise Refused(422, f"{shown(member.name)} is a link. Put the file itself there.")
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or member.issparse():
            raise Refused(422, f"{shown(member.name)} is neither a file nor a folder.")
        yield member


def _too_many(most: int) -> Refused:
    return Refused(413, f"There are more than {most} files and folders in it.")


def _require_end(archive: Path, end: int) -> None:
    """See that an archive has its end, after its last entry: `tarfile` takes whatever is there for the end.

    :raises ValueError: it is cut off, or goes on with something that is no entry.
    """
    with archive.open("rb") as file:
        file.seek(end)
        rest = 0
        while piece := file.read(PIECE_BYTES):
            rest += len(piece)
            if piece.strip(b"\0"):
                raise ValueError("something in it is no entry")
    if rest < 2 * tarfile.BLOCKSIZE:
        raise ValueError("its end is missing")


def plain_parts(name: str, deepest: int = DEEPEST) -> tuple[str, ...]:
    """The parts of a name that leads nowhere else. :raises Refused: it does, or could not be read."""
    plain = name[2:] if name.startswith("./") else name
    parts = tuple(plain.rstrip("/").split("/"))
    if name.rstrip("/") == ".":
        return ()
    try:
        encoded = [part.encode() for part in parts]
    except UnicodeEncodeError:
        raise Refused(422, f"{shown(name)} is no name in UTF-8.") from None
    odd = any(part in ("", ".", "..") or not part.isprintable() for part in parts)
    long = any(len(part) > LONGEST_PART_BYTES for part in encoded) or sum(map(len, encoded)) > LONGEST_NAME_BYTES
    if odd or long or len(parts) > deepest:
        raise Refused(422, f"{shown(name)} is no plain name of a file within the folder.")
    return parts


def shown(name: str) -> str:
    """A name as it is told: whatever is in it is shown, and obeyed by nobody."""
    return ascii(name[:SHOWN])


def _folder(target: Path, parts: tuple[str, ...]) -> Path:
    """A folder below a directory that nobody else writes into. :raises Refused: a file has this name."""
    folder = target.joinpath(*parts)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Refused(422, f"{shown('/'.join(parts))} is there twice.") from None
    return folder


def _write(source: IO[bytes], target: Path, parts: tuple[str, ...], size_bytes: int) -> File:
    if not parts:
        raise Refused(422, "A file without a name is none.")
    path = _folder(target, parts[:-1]) / parts[-1]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o440)
    except (FileExistsError, IsADirectoryError):
        raise Refused(422, f"{shown('/'.join(parts))} is there twice.") from None
    digest, left = hashlib.sha256(), size_bytes
    with os.fdopen(descriptor, "wb") as file:
        while left and (piece := source.read(min(left, PIECE_BYTES))):
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
        if left:
            raise tarfile.ReadError("a file in it ends too early")
        file.flush()
        os.fsync(file.fileno())
    return File(path="/".join(parts), size_bytes=size_bytes, sha256=digest.hexdigest())
