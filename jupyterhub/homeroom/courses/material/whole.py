"""All files of a grader lab, out of an archive of `make course-export`, with what students did: into a home where
nothing of a course is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from homeroom.courses.material import archive, gradebook
from homeroom.courses.material.about import ABOUT, ROSTERS, WRITTEN
from homeroom.courses.material.bring import growing, is_same
from homeroom.courses.material.found import COURSE, SOURCE
from homeroom.courses.material.unfit import Unfit

OTHERS = (ABOUT, WRITTEN, ROSTERS, archive.DESK)
READ_BY_PROGRAMS = "nbgrader_config.py"


def bring(home: Path, given: Path, *, look: bool) -> dict[str, Any]:
    """Bring it, whole or not at all. What programs read by themselves, `nbgrader_config.py` and all that begins with a
    dot, is left out.

    :param look: nothing is brought; it is only seen what would be.
    :returns: how many assignments and students, what is left out, and whether all was there already (`is_there`).
    :raises Unfit: it is no such archive, its gradebook is none, or something else is there already.
    """
    with growing(home) as work:
        top = work / "given"
        top.mkdir(mode=0o700)
        if not any(each.path.startswith(f"{COURSE}/") for each in archive.take_part(given, top, work, OTHERS)):
            return {"assignments": 0, "students": 0, "left_out": 0, "is_there": True}
        came, there = top / COURSE, home / COURSE
        left_out = _tidy(came)
        answer: dict[str, Any] = {"assignments": 0, "students": 0, "left_out": left_out, "is_there": False}
        if (came / SOURCE).is_dir():
            answer["assignments"] = sum(each.is_dir() for each in (came / SOURCE).iterdir())
        if (came / gradebook.FILE).exists():
            answer["students"] = gradebook.counts(came / gradebook.FILE)["student"]
        if there.is_dir() and not there.is_symlink() and is_same(there, came):
            answer["is_there"] = True
        elif os.path.lexists(there):
            _require_empty(there)
        if not look and not answer["is_there"]:
            if there.exists():
                there.rename(work / "before")
            came.rename(there)
        return answer


def _require_empty(there: Path) -> None:
    """:raises Unfit: more lies there than a grader lab lays down itself."""
    if there.is_symlink() or not there.is_dir():
        raise Unfit(f"{COURSE} is no folder in the grader lab. Nothing was brought.")
    for path, folders, names in os.walk(there):
        links = [each for each in folders if (Path(path) / each).is_symlink()]
        others = [each for each in (*names, *links) if each != gradebook.FILE]
        if others:
            where = (Path(path) / others[0]).relative_to(there)
            raise Unfit(f"There is something in the grader lab already: {str(where)[:80]!a}. Nothing was brought.")
    book = there / gradebook.FILE
    if book.exists() and gradebook.counts(book)["submitted_assignment"]:
        raise Unfit("There is a gradebook with hand-ins in the grader lab already. Nothing was brought.")


def _tidy(folder: Path) -> int:
    """Have files be as the grader lab writes them, without what is left out; returns how much that was."""
    left_out = 0
    folder.chmod(0o755)
    for each in list(folder.iterdir()):
        if each.name.startswith(".") or each.name == READ_BY_PROGRAMS:
            left_out += 1
            if each.is_dir():
                shutil.rmtree(each)
            else:
                each.unlink()
        elif each.is_dir():
            left_out += _tidy(each)
        else:
            each.chmod(0o644)
    return left_out
