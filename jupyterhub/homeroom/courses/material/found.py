"""What there is of a course in a folder that somebody else laid out: nbgrader's, Ananke's, or one assignment's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from homeroom.courses.course import ASSIGNMENT_NAME
from homeroom.courses.material.gradebook import FILE
from homeroom.courses.material.unfit import Unfit

SOURCE, RELEASE, HANDOUTS, COURSE = "source", "release", "handouts", "course"
DEEPEST = 3
"""How far below its top a course's folder is looked for: `grader/course_data/source` is Ananke's."""
"""As `site/courses.yaml` has assignments."""
STAMP = re.compile(r" \([0-9 _.:-]{6,32}\)$")
"""What Ananke puts behind the name of an assignment that was copied."""
PASSED_OVER = frozenset({".ipynb_checkpoints", "__pycache__", ".git", "__MACOSX"})


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is.

    :param assignments: the folders of the assignments' sources, by their names here.
    :param released: those of what students were given, by the same names.
    :param gradebook: None where there is none.
    :param handouts: the folders that are handed out, by their names.
    """

    assignments: dict[str, Path]
    released: dict[str, Path]
    gradebook: Path | None
    handouts: dict[str, Path] = field(default_factory=dict)


def find(top: Path, own_name: str = "", otherwise: str = "") -> Found:
    """Look through a folder.

    :param own_name: what a single assignment is called; empty: as its folder.
    :param otherwise: what it is called where it has no folder.
    :raises Unfit: there is nothing of a course, or more than one.
    """
    courses = [folder for folder in _folders(top) if (folder / SOURCE).is_dir()]
    if len(courses) > 1:
        names = ", ".join(sorted(_below(top, each) for each in courses)[:5])
        raise Unfit(f"There are several courses in it: {names}. Name one of them.")
    if courses:
        course = courses[0]
        gradebook = course / FILE
        return Found(
            assignments=_named(course / SOURCE),
            released=_named(course / RELEASE) if (course / RELEASE).is_dir() else {},
            gradebook=gradebook if gradebook.is_file() else None,
            handouts={each.name: each for each in _inner(course / HANDOUTS)} if (course / HANDOUTS).is_dir() else {},
        )
    while not _notebooks(top) and len(inner := _inner(top)) == 1:
        top = inner[0]
        otherwise = top.name
    if _notebooks(top):
        return Found(assignments={fitted(own_name or otherwise): top}, released={}, gradebook=None)
    found = _named(top)
    if not found:
        raise Unfit("There is no notebook in it, and no folder `source` with assignments.")
    return Found(assignments=found, released={}, gradebook=None)


def fitted(name: str) -> str:
    """An assignment's name as it can be here: without the stamp of a copy, and with `-` for blanks.

    :raises Unfit: it cannot be.
    """
    plain = re.sub(r"\s+", "-", STAMP.sub("", name).strip())
    if not re.fullmatch(ASSIGNMENT_NAME, plain):
        why = "letters, digits and . _ -, 64 at most, a letter or digit first"
        raise Unfit(f"{name[:80]!a} is no name for an assignment: {why}. Rename the folder.")
    return plain


def _named(folder: Path) -> dict[str, Path]:
    """The assignments in a folder. :raises Unfit: two would have one name."""
    found: dict[str, Path] = {}
    for each in _inner(folder):
        if not any(_notebooks(below) for below in _folders(each)):
            continue
        name = fitted(each.name)
        other = next((known for known in found if known.lower() == name.lower()), None)
        if other is not None:
            raise Unfit(f"{each.name[:80]!a} and {found[other].name[:80]!a} would both be called {name}.")
        found[name] = each
    return found


def _folders(top: Path, deep: int = DEEPEST) -> Iterator[Path]:
    yield top
    if deep > 1 and not (top / SOURCE).is_dir():
        for each in _inner(top):
            yield from _folders(each, deep - 1)


def _inner(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        found = [Path(each.path) for each in entries if each.is_dir(follow_symlinks=False)]
    return sorted(each for each in found if each.name not in PASSED_OVER and not each.name.startswith("."))


def _notebooks(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(each.name.endswith(".ipynb") and each.is_file(follow_symlinks=False) for each in entries)


def _below(top: Path, folder: Path) -> str:
    return ascii(str(folder.relative_to(top)))
