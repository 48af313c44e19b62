"""All that the desk keeps of one course: how much it is, and its end."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Any

from homeroom.courses.course import NAME
from homeroom.courses.desk import sealed
from homeroom.courses.desk.collected import Collected
from homeroom.courses.desk.grades import FILE, Grades
from homeroom.courses.desk.handouts import Handouts
from homeroom.courses.desk.shelf import FEEDBACK, OUT, WAITING, Shelf
from homeroom.courses.desk.store import HAND_INS, INCOMING, RECEIPT, Store

TOKEN, READY, CAME = "[0-9a-f]{24}", ".ready", "desk"
"""What a folder is called in which something lies ready, how its name ends, and where in it."""
WORK = (HAND_INS, FEEDBACK, FILE)
"""What students' work is, in a course's folder; the rest is material."""


class Kept:
    """What there is of courses, also of such as are none any more."""

    def __init__(self, store: Store, shelf: Shelf, grades: Grades, collected: Collected, handouts: Handouts) -> None:
        self.store = store
        self.shelf = shelf
        self.grades = grades
        self.collected = collected
        self.handouts = handouts

    def courses(self) -> list[str]:
        """The names of those of which something is kept."""
        return sorted(
            path.name for path in self.store.root.iterdir() if re.fullmatch(NAME, path.name) and path.is_dir()
        )

    def of_course(self, course: str) -> dict[str, Any]:
        """How much there is of a course. :raises ValueError: that is no course's name."""
        _require_name(course)
        receipts = self.store.receipts(course=course)
        grades = self.grades.of_course(course)
        return {
            "hand_ins": len(receipts),
            "people": len({each.person for each in receipts}),
            "released": len(self.shelf.items(course, OUT)) + len(self.shelf.items(course, WAITING)),
            "feedback": len(self.shelf.all_feedback(course, OUT)) + len(self.shelf.all_feedback(course, WAITING)),
            "graded": len({name for each in (grades or {"assignments": []})["assignments"] for name in each["scores"]}),
            "handouts": len(self.handouts.of_course(course)),
            "size_bytes": _size_bytes(self.store.root / course),
        }

    def take_in(self, course: str, token: str) -> dict[str, Any]:
        """Keep all of a course that was kept elsewhere and lies ready, at once or not at all; how much that is.

        :param token: the name of the folder in which it lies: see `homeroom.courses.material.desk_part`.
        :raises ValueError: it lies there no more, or something is kept already.
        """
        _require_name(course)
        if not re.fullmatch(TOKEN, token):
            raise ValueError("that is no token")
        came, place = self.store.root / INCOMING / f"{token}{READY}" / CAME, self.store.root / course
        if not came.is_dir():
            raise ValueError("what came lies there no more: the desk was started anew meanwhile")
        if place.exists() and any(names for _, _, names in os.walk(place)):
            raise ValueError(f"something of {course} is kept already")
        codes = {path.parent.name.partition("-")[2] for path in came.glob(f"{HAND_INS}/*/*/*/{RECEIPT}")}
        if known := sorted(code for code in codes if self.store.receipt(code)):
            raise ValueError(f"another course has the receipt {known[0]}")
        if place.exists():
            place.rename(self.store.root / INCOMING / f"{secrets.token_hex(12)}.gone")
        came.rename(place)
        sealed.to_disk(self.store.root)
        sealed.remove(came.parent)
        self.collected.drop(course)
        self.store.read(course)
        self.shelf.read(course)
        self.handouts.read(course)
        return self.of_course(course)

    def remove(self, course: str, *, everything: bool) -> None:
        """Remove what students handed in, the feedback for it and the grades; or all of a course. It has its name no
        more from the first moment on, and what is left of a removal that was cut off goes when the desk starts.

        :raises ValueError: that is no course's name.
        """
        _require_name(course)
        folder = self.store.root / course
        self.shelf.drop(course, everything=everything)
        if everything:
            self.handouts.drop(course)
        self.store.drop(course)
        self.collected.drop(course)
        for each in ("",) if everything else WORK:
            path = folder / each
            if os.path.lexists(path):
                going = self.store.root / INCOMING / f"{secrets.token_hex(12)}.gone"
                path.rename(going)
                sealed.to_disk(folder.parent if not each else folder)
                if going.is_dir():
                    sealed.remove(going)
                else:
                    going.unlink()


def _require_name(course: str) -> None:
    if not re.fullmatch(NAME, course):
        raise ValueError("that is no course's name")


def _size_bytes(folder: Path) -> int:
    return sum(
        (Path(path) / name).lstat().st_size
        for path, _, names in os.walk(folder, onerror=lambda _: None)
        for name in names
    )
