"""Brings a home, or one file of it, back: `python3 -m homeroom_copies.bring COPY HOME FILE FOLDER -- OPTIONS`.

FOLDER is made within the home, closed to its owner until all is there, and removed where it does not come to that;
empty, files are put where they were. Then each file is compared with the copy: that it is there, of which kind, whose,
its mode and size; restic itself compares the bytes. Prints one line of JSON: how many are as they were, and the first
that are not, each with what differs. Exit code: restic's, where it could not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

HOMES = PurePosixPath("/copy/homes")
PLACE = Path("/restore/homes")
LAB_USER, LAB_GROUP = 1000, 100
NOTHING_FOUND = 90
SHOWN = 5
NO_TEXT = "\ufffd"
KINDS = {"dir": stat.S_ISDIR, "file": stat.S_ISREG, "symlink": stat.S_ISLNK, "fifo": stat.S_ISFIFO}


def nodes(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The entries that restic lists."""
    for line in lines:
        found = json.loads(line)
        if found.get("message_type", found.get("struct_type")) == "node":
            yield found


def folded(name: str) -> str:
    """A name as restic tells it, who has one sign for whatever is no UTF-8; here for all of it in a row."""
    return re.sub(f"{NO_TEXT}+", NO_TEXT, os.fsencode(name).decode(errors="replace"))


def lying(path: Path) -> Iterator[Path]:
    """Where an entry lies of which restic tells this path: names of files are bytes, and need be no text."""
    if NO_TEXT not in str(path):
        yield path
        return
    for above in lying(path.parent):
        if NO_TEXT not in path.name:
            yield above / path.name
        elif above.is_dir():
            yield from (one for one in above.iterdir() if folded(one.name) == folded(path.name))


def difference(node: dict[str, Any], path: Path) -> str:
    """What differs between an entry of the copy and what lies there; empty where nothing does."""
    found = [difference_at(node, one) for one in lying(path)]
    return min(found, key=len, default="is not there")


def difference_at(node: dict[str, Any], path: Path) -> str:
    """The same, of what lies at exactly this path."""
    try:
        found = path.lstat()
    except OSError as error:
        return str(error.strerror)
    if not KINDS[node["type"]](found.st_mode):
        return f"is no {node['type']}"
    if (found.st_uid, found.st_gid) != (node["uid"], node["gid"]):
        return f"belongs to {found.st_uid}:{found.st_gid}, not to {node['uid']}:{node['gid']}"
    if node["type"] != "symlink" and stat.S_IMODE(found.st_mode) != mode_of(node["mode"]):
        return f"has mode {stat.S_IMODE(found.st_mode):o}, not {mode_of(node['mode']):o}"
    if node["type"] == "file" and found.st_size != node.get("size", 0):
        return f"has {found.st_size} bytes, not {node.get('size', 0)}"
    return ""


def mode_of(mode: int) -> int:
    """A mode as the kernel has it; restic keeps setuid, setgid and sticky where Go has them."""
    special = sum(kernel for bit, kernel in ((23, 0o4000), (22, 0o2000), (20, 0o1000)) if mode & (1 << bit))
    return (mode & 0o777) | special


def belongs(path: PurePosixPath, file: PurePosixPath) -> bool:
    """Whether a path of the home is what is asked for, or within it."""
    return path != PurePosixPath() and path.is_relative_to(file)


def pattern(file: str) -> str:
    """A path as restic's patterns have it: this one, and no other."""
    return "/" + re.sub(r"([*?\[\]\\])", r"\\\1", file)


def restic(options: Sequence[str], *arguments: str) -> list[str]:
    """Have restic do something here; the words of the call."""
    return [sys.executable, "-m", "homeroom_copies.restic", *options, *arguments]


def listed(options: Sequence[str], copy: str, home: PurePosixPath) -> dict[PurePosixPath, dict[str, Any]]:
    """The entries of a home in a copy, by their paths in it."""
    done = subprocess.run(
        restic(options, "ls", "--json", "--recursive", copy, str(home)), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)
    return {
        path.relative_to(home): node
        for node in nodes(done.stdout.splitlines())
        if (path := PurePosixPath(node["path"])).is_relative_to(home)
    }


def unfinished(home: Path, closed_by: int = 0) -> list[Path]:
    """The folders of a home that a run which was killed has left: they are still root's, whom no lab is."""
    found = [one for one in home.glob("restored-*") if stat.S_ISDIR(one.lstat().st_mode)]
    return [one for one in found if one.lstat().st_uid == closed_by]


def main() -> int:
    """Bring back, compare, and return the exit code."""
    copy, name, file, folder, _, *options = sys.argv[1:]
    wanted, home = PurePosixPath(file), HOMES / name
    known = listed(options, copy, home)
    found = {path: node for path, node in known.items() if belongs(path, wanted) and node["type"] in KINDS}
    if not found:
        return NOTHING_FOUND
    to = PLACE / name / folder
    for one in unfinished(PLACE / name):
        shutil.rmtree(one)
    if folder:
        to.mkdir(mode=0o700)
    overwrite = "never" if folder else "always"
    chosen = [f"--include={pattern(file)}"] if file else []
    words = ["restore", "--quiet", "--verify", f"--overwrite={overwrite}", f"--target={to}", *chosen, f"{copy}:{home}"]
    done = subprocess.run(restic(options, *words), stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        if folder:
            shutil.rmtree(to)
        return done.returncode
    for above in (path for path in wanted.parents if path != PurePosixPath() and folder):
        os.chown(to / above, known[above]["uid"], known[above]["gid"])
        (to / above).chmod(mode_of(known[above]["mode"]))
    wrong = [f"{path} {what}" for path, node in found.items() if (what := difference(node, to / path))]
    if folder:
        os.chown(to, LAB_USER, LAB_GROUP)
    print(json.dumps({"same": len(found) - len(wrong), "wrong": len(wrong), "first": wrong[:SHOWN]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
