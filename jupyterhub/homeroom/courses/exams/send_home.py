"""Hands in the home of an exam: `python -m homeroom.courses.exams.send_home FOLDER`, in a container of the guard's.

What lies in FOLDER of the home comes first, under its own names; the rest of the home below `rest-of-home/`. What the
desk would not take, such as links and what is too large beside the rest, is left out and named in a file of its own:
nothing that lies there keeps the rest from being handed in. It reads files, and runs nothing of them. It prints one
line of JSON: the `receipt`, or the `fault`.
"""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from homeroom.contract.exam_labs import MOST_BYTES
from homeroom.contract.home_names import HOME_TARGET
from homeroom.courses import to_desk

REST = "rest-of-home"
LIST = "left-out.txt"
MOST_FILES, MOST_FOLDERS, DEEPEST = 1500, 400, 18
"""A little less of each than the desk takes of one hand-in."""
MOST_SEEN = 100_000
LONGEST_PART_BYTES, LONGEST_NAME_BYTES = 200, 900
LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__", ".git"})
PIECE_BYTES = 1 << 16
MOST_NAMED = 1000


class Found(NamedTuple):
    """A file: where it is, what it is called in the hand-in, and its size."""

    path: str
    name: str
    size_bytes: int


def choose(home: Path, folder: str) -> tuple[list[Found], list[str]]:
    """The files to hand in, and the names of what is left out."""
    left: list[str] = []
    files = [*_files(home / folder, "", left), *_files(home, f"{REST}/", left, without=folder)]
    files.sort(key=lambda each: (each.name.startswith(f"{REST}/"), not each.name.endswith(".ipynb"), each.size_bytes))
    chosen: list[Found] = []
    names: set[str] = set()
    folders: set[str] = set()
    size_bytes = 0
    for each in files:
        above = {each.name[:at] for at, letter in enumerate(each.name) if letter == "/"}
        fits = (
            len(chosen) < MOST_FILES
            and size_bytes + each.size_bytes <= MOST_BYTES
            and len(folders | above) <= MOST_FOLDERS
            and not above & names
            and each.name not in names | folders | {LIST}
        )
        if fits:
            chosen.append(each)
            names.add(each.name)
            folders |= above
            size_bytes += each.size_bytes
        else:
            left.append(each.name)
    return chosen, left


def _files(top: Path, prefix: str, left: list[str], without: str = "") -> Iterator[Found]:
    """The plain files below a folder, no link followed; nothing of it is held in memory but what is yielded. What
    programs keep for themselves is passed over.

    :param without: a name at the top that is passed over, too.
    """
    waiting = [(str(top), prefix)] if _is_folder(top) else []
    seen = 0
    while waiting:
        place, inside = waiting.pop()
        try:
            entries = os.scandir(place)
        except OSError:
            left.append(inside)
            continue
        with entries:
            for entry in entries:
                seen += 1
                if seen > MOST_SEEN:
                    left.append(f"{inside} and more")
                    return
                kept_by_programs = inside == prefix and prefix and entry.name.startswith(".")
                if entry.name in LEFT_OUT or kept_by_programs or (inside == prefix and entry.name == without):
                    continue
                name = inside + entry.name
                if _is_plain(name) and entry.is_dir(follow_symlinks=False):
                    waiting.append((entry.path, f"{name}/"))
                elif _is_plain(name) and entry.is_file(follow_symlinks=False) and os.access(entry.path, os.R_OK):
                    yield Found(entry.path, name, entry.stat(follow_symlinks=False).st_size)
                else:
                    left.append(name)


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, and not a link to one."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _is_plain(name: str) -> bool:
    """Whether the desk takes a file of this name."""
    parts = name.split("/")
    try:
        lengths = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        return False
    return (
        all(part.isprintable() for part in parts)
        and max(lengths) <= LONGEST_PART_BYTES
        and sum(lengths) <= LONGEST_NAME_BYTES
        and len(parts) <= DEEPEST
    )


def write(archive: tarfile.TarFile, files: list[Found], left: list[str]) -> None:
    """Write the files, and the list of what is left out, where there is any. An empty home is a list that says so."""
    for each in files:
        _add(archive, each, left)
    if left or not files:
        shown = [ascii(name)[1:-1] for name in left[:MOST_NAMED]]
        more = [f"and {len(left) - MOST_NAMED} more"] if len(left) > MOST_NAMED else []
        heading = "Left out at the end of the exam:" if left else "There was no file."
        text = "\n".join([heading, *shown, *more, ""]).encode()
        info = tarfile.TarInfo(LIST)
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))


def _add(archive: tarfile.TarFile, each: Found, left: list[str]) -> None:
    """Add a file with the size that it has when it is opened, whatever becomes of it meanwhile."""
    try:
        descriptor = os.open(each.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        left.append(each.name)
        return
    with os.fdopen(descriptor, "rb") as file:
        info = tarfile.TarInfo(each.name)
        info.size = min(os.fstat(descriptor).st_size, each.size_bytes)
        archive.addfile(info, file)


def send(home: Path, folder: str, path: str = to_desk.SOCKET) -> dict[str, Any]:
    """Hand a home in; the receipt, or the fault in words."""
    files, left = choose(home, folder)
    try:
        receipt = to_desk.send("/seal", lambda archive: write(archive, files, left), path)
    except to_desk.NotTaken as error:
        return {"fault": str(error)}
    return {"receipt": receipt, "left_out": len(left)}


def main(arguments: list[str]) -> int:
    """Hand the home in, and say what became of it."""
    print(json.dumps(send(Path(HOME_TARGET), arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
