"""Writes a file or folder of a copy into the home that is mounted: `python -m homeroom.copies.bring_back JSON`.

It runs as the home's owner, in a container of its own that the guard makes (`homeroom.guard.take_back`). Nothing that
is there is written over: what comes back has a date in its name, and where that name is taken a number as well. All of
it is written under another name first, so that half of it never looks like the whole.

Prints one line of JSON: `where` it is, from the home on, how many `files` came and how many were `left_out`; or
`fault`, why nothing came.
"""

from __future__ import annotations

import errno
import http.client
import json
import os
import secrets
import shutil
import stat
import sys
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from homeroom.contract.by_socket import BySocket
from homeroom.contract.home_names import HOME_TARGET
from homeroom.contract.take_back import READER_SOCKET
from homeroom.copies.asking import CannotRead, post

PREFIX = ".coming-back-"
MOST_BYTES, MOST_FILES = 20 << 30, 200_000
LONGEST_SECONDS = 900.0
SILENCE_SECONDS = 60.0
CHUNK_BYTES = 1 << 16
MOST_NAMES = 99
LONGEST_NAME_BYTES = 255
FULL = (errno.ENOSPC, errno.EDQUOT)


class NothingComes(Exception):
    """Nothing came back; `fault` in a word."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


class Limit:
    """So many bytes and files, and so much time, and no more."""

    def __init__(self) -> None:
        self.bytes = 0
        self.files = 0
        self.ends = time.monotonic() + LONGEST_SECONDS

    def take(self, size_bytes: int = 0, files: int = 0) -> None:
        """Count what comes. :raises NothingComes: it is too much, or too late."""
        self.bytes += size_bytes
        self.files += files
        if self.bytes > MOST_BYTES or self.files > MOST_FILES:
            raise NothingComes("large")
        if time.monotonic() > self.ends:
            raise NothingComes("late")


def asked_for(reader: BySocket, asked: Mapping[str, str]) -> http.client.HTTPResponse:
    """The bytes as they come. :raises NothingComes: there are none."""
    question = {"home": asked["home"], "copy": asked["copy"], "path": asked["path"], "most_bytes": MOST_BYTES}
    try:
        return post(reader, "/content", question)
    except CannotRead as error:
        raise NothingComes(error.why) from None


def write_file(answer: http.client.HTTPResponse, to: Path, limit: Limit) -> None:
    """Write a file."""
    mode = int(answer.headers["X-Mode"], 8) & 0o777 | stat.S_IRUSR | stat.S_IWUSR
    with to.open("xb") as file:
        while piece := answer.read(CHUNK_BYTES):
            limit.take(len(piece))
            file.write(piece)
        os.fchmod(file.fileno(), mode)
    moment = float(answer.headers["X-Changed-At"])
    os.utime(to, (moment, moment))


def write_folder(answer: http.client.HTTPResponse, to: Path, limit: Limit) -> tuple[int, int]:
    """Write a folder with all that is in it; how many files came, and how many entries were left out: what is neither
    file, folder nor link, and what would lie outside."""
    to.mkdir(mode=0o700)
    files = left_out = 0
    with tarfile.open(fileobj=cast(IO[bytes], answer), mode="r|", bufsize=CHUNK_BYTES) as archive:
        for entry in archive:
            limit.take(entry.size, 1)
            if _extract(archive, entry, to):
                files += not entry.isdir()
            else:
                left_out += 1
            archive.members.clear()  # type: ignore[attr-defined]  # else all of them are kept
    while answer.read(CHUNK_BYTES):  # to its end: what was cut off has none
        pass
    return files, left_out


def _extract(archive: tarfile.TarFile, entry: tarfile.TarInfo, to: Path) -> bool:
    """Write one entry; False: it is left out."""
    if not (entry.isreg() or entry.isdir() or entry.issym()):
        return False
    try:
        safe = tarfile.tar_filter(entry, str(to))
    except tarfile.FilterError:
        return False
    safe.mode = (safe.mode or 0) | (0o700 if entry.isdir() else 0o600)  # a folder is written into after this
    try:
        archive.extract(safe, to, set_attrs=True, filter="fully_trusted")
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise
    return True


def open_folder(home: Path, parts: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """The folder that a path is in, and its parts; the home itself where it is gone, or a link is on the way."""
    opened = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        inner = opened
        for part in parts:
            outer, inner = inner, os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=inner)
            if outer != opened:
                os.close(outer)
        if inner != opened:
            os.close(opened)
        return inner, parts
    except OSError:
        if inner != opened:
            os.close(inner)
        return opened, ()


def names(path: PurePosixPath, stamp: str, *, is_folder: bool) -> list[str]:
    """What it may be called: `essay-2026-11-26-0230.ipynb`, then with a number."""
    name = path.name or "home"
    stem, ending = (name, "") if is_folder else (path.stem, path.suffix)
    found = []
    for number in range(1, MOST_NAMES + 1):
        tail = f"-{stamp}{'' if number == 1 else f'-{number}'}{ending}"
        room = LONGEST_NAME_BYTES - len(tail.encode(errors="surrogateescape"))
        kept = stem.encode(errors="surrogateescape")[: max(room, 0)].decode(errors="ignore")
        found.append(f"{kept}{tail}"[-LONGEST_NAME_BYTES:])
    return found


def lay(fresh: Path, folder: int, wanted: list[str], *, is_folder: bool) -> str:
    """Give what was written its name, which nothing had; returns it. :raises NothingComes: all of them are taken."""
    for name in wanted:
        try:
            if is_folder:
                os.mkdir(name, 0o700, dir_fd=folder)
            else:
                os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder))
        except FileExistsError:
            continue
        os.rename(fresh, name, dst_dir_fd=folder)  # over the empty one that is ours
        return name
    raise NothingComes("names")


def clear(home: Path) -> None:
    """Remove what a run that was cut off has left."""
    for left in home.glob(f"{PREFIX}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)


def bring_back(asked: Mapping[str, str], home: Path, socket: str) -> dict[str, Any]:
    """Bring it back; what there is to say of it. :raises NothingComes: why not."""
    clear(home)
    fresh = home / f"{PREFIX}{secrets.token_hex(6)}"
    reader = BySocket(socket, "reader", timeout=SILENCE_SECONDS)
    path = PurePosixPath(asked["path"])
    folder = -1
    try:
        answer = asked_for(reader, asked)
        is_folder = answer.headers["X-Kind"] == "folder"
        fresh.mkdir(mode=0o700)
        limit, files, left_out = Limit(), 1, 0
        if is_folder:
            files, left_out = write_folder(answer, fresh / "content", limit)
        else:
            write_file(answer, fresh / "content", limit)
        folder, parts = open_folder(home, path.parts[:-1])
        name = lay(fresh / "content", folder, names(path, asked["stamp"], is_folder=is_folder), is_folder=is_folder)
        return {"where": str(PurePosixPath(*parts, name)), "files": files, "left_out": left_out}
    finally:
        reader.close()
        if folder >= 0:
            os.close(folder)
        shutil.rmtree(fresh, ignore_errors=True)


def main(arguments: list[str], home: Path = Path(HOME_TARGET), socket: str = READER_SOCKET) -> int:
    """Bring it back and say so."""
    try:
        said = bring_back(json.loads(arguments[0]), home, socket)
    except NothingComes as error:
        said = {"fault": error.fault}
    except (http.client.HTTPException, TimeoutError, tarfile.TarError, EOFError):
        said = {"fault": "unreadable"}
    except OSError as error:
        said = {"fault": "full" if error.errno in FULL else "unreadable" if error.filename is None else "home"}
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
