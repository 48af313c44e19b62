"""Lays out what a copy holds beside files that are mounted: `python3 -m homeroom_copies.prepare DATABASE ...`.

Each database is named by its path under /copy/scratch/made; its folder is made for whoever copies it there. What people
leave out of copies by a file `.nobackup` is looked for, and written where restic reads it. Prints how many folders
that is.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

WORK = Path("/copy/scratch")
HOMES = Path("/copy/homes")
MARK = ".nobackup"


def marked(homes: Path) -> Iterator[Path]:
    """The folders in homes that their owners leave out: those that hold a file of this name. Links are not followed."""
    for folder, _, files in os.walk(homes):
        if MARK in files and Path(folder) != homes:
            yield Path(folder)


def pattern(path: Path) -> str:
    """A path as restic's patterns have it: this one, and no other."""
    return re.sub(r"([*?\[\]\\!$])", r"\\\1", str(path)).replace("\\$", "$$")


def main() -> None:
    """Make the folders and the list."""
    made = WORK / "made"
    shutil.rmtree(made, ignore_errors=True)
    for name in sys.argv[1:]:
        folder = made / Path(name).parent
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o1777)  # each database is copied by its own owner, who is not root
    made.mkdir(exist_ok=True)
    (WORK / "cache").mkdir(mode=0o700, exist_ok=True)
    left_out = [path for path in marked(HOMES) if "\n" not in str(path)]
    (WORK / "left-out").write_text("".join(f"{pattern(path)}\n" for path in left_out), errors="surrogateescape")
    print(len(left_out))


if __name__ == "__main__":
    main()
