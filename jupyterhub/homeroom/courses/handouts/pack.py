"""Gives a folder of a grader lab's home to the desk: `python -m homeroom.courses.handouts.pack FOLDER MOST_BYTES`, in a
container of the guard's.

It reads files, follows no link and runs nothing. It prints one line of JSON: `{}`, or the `fault`, a word that pages
have words for, and the `name` of what it is about; or the `why` of the desk, where that refuses it.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from homeroom.contract.handouts import FOLDERS
from homeroom.contract.home_names import HOME_TARGET
from homeroom.courses import to_desk
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.unpack import plain_parts, shown

MOST_FILES = 20_000
"""Of one handout, with its folders."""
SECONDS = 540.0
"""How long the desk may take to write all of it down."""
LEFT_OUT = frozenset({".git", ".ipynb_checkpoints", "__pycache__"})
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Unfit(Exception):
    """It cannot be handed out.

    :param fault: why, in a word.
    :param name: of what that is said.
    """

    def __init__(self, fault: str, name: str = "") -> None:
        super().__init__(fault, name)
        self.fault, self.name = fault, name


class Entry(NamedTuple):
    """A file: its name from the handout's folder on, and the open folder that it is in."""

    name: str
    folder: int
    size_bytes: int


def files(top: Path, inner: str) -> Iterator[Entry]:
    """The files in a folder, one after the other.

    :param inner: the folder's parts, none of which may be a link.
    :raises Unfit: it is not there, or holds what is not handed out.
    """
    held = os.open(top, OPEN_FOLDER)
    for part in inner.split("/"):
        try:
            below = os.open(part, OPEN_FOLDER, dir_fd=held)
        except OSError:
            raise Unfit("missing") from None
        finally:
            os.close(held)
        held = below
    yield from _walk(held, "", [0])


def _walk(folder: int, above: str, seen: list[int]) -> Iterator[Entry]:
    """What is in a folder, in order; takes the descriptor."""
    try:
        for name in sorted(set(os.listdir(folder)) - LEFT_OUT):
            seen[0] += 1
            if seen[0] > MOST_FILES:
                raise Unfit("many")
            yield from _look(folder, above, name, seen)
    except PermissionError:
        raise Unfit("unreadable", shown(above)) from None
    finally:
        os.close(folder)


def _look(folder: int, above: str, name: str, seen: list[int]) -> Iterator[Entry]:
    path = above + name
    about = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(about.st_mode):
        raise Unfit("link", shown(path))
    try:
        plain_parts(path)
    except Refused:
        raise Unfit("name", shown(path)) from None
    if stat.S_ISDIR(about.st_mode):
        yield from _walk(os.open(name, OPEN_FOLDER, dir_fd=folder), f"{path}/", seen)
    elif stat.S_ISREG(about.st_mode):
        yield Entry(path, folder, about.st_size)
    else:
        raise Unfit("odd", shown(path))


def check(top: Path, inner: str, most_bytes: int) -> None:
    """See that it can be handed out, before any of it is sent. :raises Unfit: it cannot."""
    found = total = 0
    for each in files(top, inner):
        try:
            os.close(os.open(each.name.rpartition("/")[2], OPEN_FILE, dir_fd=each.folder))
        except PermissionError:
            raise Unfit("unreadable", shown(each.name)) from None
        found, total = found + 1, total + each.size_bytes
        if total > most_bytes:
            raise Unfit("large")
    if not found:
        raise Unfit("empty")


def write(archive: tarfile.TarFile, top: Path, inner: str) -> None:
    """Write it. :raises Unfit: it changes meanwhile."""
    for each in files(top, inner):
        try:
            opened = os.open(each.name.rpartition("/")[2], OPEN_FILE, dir_fd=each.folder)
            with os.fdopen(opened, "rb") as file:
                about = os.fstat(opened)
                if not stat.S_ISREG(about.st_mode):
                    raise Unfit("changes", shown(each.name))
                info = tarfile.TarInfo(each.name)
                info.size = about.st_size
                archive.addfile(info, _Whole(file, each.name))
        except FileNotFoundError:
            raise Unfit("changes", shown(each.name)) from None


class _Whole:
    """A file that is read, and is not shorter than it was. `tarfile` would tell it as a connection that broke."""

    def __init__(self, file: Any, name: str) -> None:
        self._file, self._name = file, name

    def read(self, size: int = 0, /) -> bytes:
        """So many bytes. :raises Unfit: there are not so many any more."""
        piece: bytes = self._file.read(size)
        if len(piece) < size:
            raise Unfit("changes", shown(self._name))
        return piece


def give(home: Path, folder: str, most_bytes: int, path: str = to_desk.SOCKET) -> dict[str, Any]:
    """Give a folder to the desk; what became of it."""
    inner = f"{FOLDERS}/{folder}"
    try:
        check(home, inner, most_bytes)
        to_desk.send("/handout", lambda archive: write(archive, home, inner), path, SECONDS)
    except Unfit as unfit:
        return {"fault": unfit.fault, "name": unfit.name}
    except to_desk.NotTaken as error:
        return {"fault": "full" if error.is_full else "desk", "why": str(error)}
    except OSError:  # somebody moves it about just now
        return {"fault": "changes", "name": ""}
    return {}


def main(arguments: list[str]) -> int:
    """Give it, and say what became of it."""
    folder, most_bytes = arguments
    print(json.dumps(give(Path(HOME_TARGET), folder, int(most_bytes))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
