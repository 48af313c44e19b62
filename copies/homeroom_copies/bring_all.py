"""Brings everything back: `python3 -m homeroom_copies.bring_all COPY VOLUME ... -- OPTIONS`.

All is mounted where a copy has it. VOLUME names those whose databases were copied by SQLite: their files are laid into
the volumes. Then each file is compared with the copy, as `homeroom_copies.bring` does it. Prints one line of JSON. Exit
code: restic's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from homeroom_copies.bring import KINDS, SHOWN, difference, nodes, restic

PARTS = ("/copy/homes", "/copy/shares", "/copy/state/volumes", "/copy/exams")
MADE = "/copy/scratch/made/databases"
WORDS = ("restore", "--quiet", "--verify", "--overwrite=if-changed")


def places(listed: Iterator[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Path]]:
    """Each entry of the copy, and where it lies now; a folder that only holds mounts is nobody's."""
    for node in listed:
        path = PurePosixPath(node["path"])
        if node["type"] not in KINDS:
            continue
        if path.is_relative_to(MADE) and node["type"] == "file":
            yield node, Path(PARTS[2]) / path.relative_to(MADE)
        elif any(path.is_relative_to(part) and str(path) != part for part in PARTS):
            yield node, Path(path)


def outcome(listed: Iterator[dict[str, Any]]) -> Mapping[str, Any]:
    """How many are as they were, how many of them are homes, and the first that are not."""
    same, homes, wrong = 0, 0, []
    for node, path in places(listed):
        if found := difference(node, path):
            wrong.append(f"{path} {found}")
        else:
            same += 1
            homes += path.parent == Path(PARTS[0])
    return {"same": same, "homes": homes, "wrong": len(wrong), "first": wrong[:SHOWN]}


def bring(options: Sequence[str], copy: str, volumes: Sequence[str]) -> int:
    """Have restic lay all out; its exit code."""
    calls = [[*WORDS, f"--target={PARTS[2]}/{name}", f"{copy}:{MADE}/{name}"] for name in volumes]
    # The volumes' own folders last: they have their owners and modes from here.
    calls.append([*WORDS, "--target=/", *(f"--include={part}/*" for part in PARTS), copy])
    for call in calls:
        done = subprocess.run(restic(options, *call), stdout=subprocess.DEVNULL, check=False)
        if done.returncode:
            return done.returncode
    return 0


def main() -> int:
    """Bring back, compare, and return the exit code."""
    copy, *volumes = sys.argv[1 : sys.argv.index("--")]
    options = sys.argv[sys.argv.index("--") + 1 :]
    if code := bring(options, copy, volumes):
        return code
    listing = subprocess.Popen(restic(options, "ls", "--json", copy), stdout=subprocess.PIPE, text=True)
    with listing:
        print(json.dumps(outcome(nodes(listing.stdout or ()))))
    return listing.returncode


if __name__ == "__main__":
    sys.exit(main())
