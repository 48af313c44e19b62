"""What students did in a course, in the home of its grader lab: how much it is, and its end. The material stays."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from homeroom.courses.material import gradebook
from homeroom.courses.material.bring import GROWING, remove_leftovers
from homeroom.courses.material.found import COURSE, SOURCE
from homeroom.courses.material.unfit import Unfit

WORK = ("submitted", "autograded", "feedback", ".homeroom")
"""Folders; in the last one is how far grading was, and what students are called."""


def measure(home: Path) -> dict[str, Any]:
    """How much there is."""
    course = home / COURSE
    answer: dict[str, Any] = {"assignments": 0, "students": 0, "fault": ""}
    if (course / SOURCE).is_dir():
        answer["assignments"] = sum(each.is_dir(follow_symlinks=False) for each in os.scandir(course / SOURCE))
    if (course / gradebook.FILE).is_file():
        try:
            answer["students"] = gradebook.counts(course / gradebook.FILE)["student"]
        except Unfit as fault:
            answer["fault"] = str(fault)
    answer["work_bytes"] = sum(_size_bytes(course / each) for each in WORK)
    answer["size_bytes"] = _size_bytes(home)
    return answer


def clear(home: Path) -> None:
    """Remove what students handed in, what was graded of it, what is noted of them, and the students in the gradebook,
    with its copies.

    :raises Unfit: the gradebook is none; nothing is removed then.
    """
    remove_leftovers(home)
    course = home / COURSE
    if os.path.lexists(course / gradebook.FILE):
        gradebook.empty(course / gradebook.FILE)
    for copied in gradebook.copies(course):
        copied.unlink()
    for each in WORK:
        if os.path.lexists(course / each):
            going = home / f"{GROWING}{secrets.token_hex(6)}"
            going.mkdir(mode=0o700)
            (course / each).rename(going / each)
            shutil.rmtree(going)


def _size_bytes(folder: Path) -> int:
    return sum((Path(path) / name).lstat().st_size for path, _, names in os.walk(folder) for name in names)
