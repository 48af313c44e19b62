"""A course's directory for nbgrader: `python -m homeroom_lab.course_directory DIRECTORY`, with what the desk tells of
the course on standard input, as JSON.

Makes the directory where it is missing, and brings its gradebook up to date. Nothing is taken out of it: with a student
who left, all their grades would go.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from homeroom_lab.gradebook_schema import bring_up_to_date

SOURCE = "source"
GRADEBOOK = "gradebook.db"
NAMES = Path(".homeroom/names.json")
"""Below the course's directory: what the gradebook was told that students are called."""


def make(root: Path, assignments: Mapping[str, Any]) -> None:
    """Make the directory, with a folder for each assignment: the formgrader lists those that there are.

    :raises OSError: something else has the name.
    """
    for name in ("", *assignments):
        (root / SOURCE / name).mkdir(parents=True, exist_ok=True)


def fill(root: Path, course: Mapping[str, Any]) -> None:
    """Have the gradebook know the course's assignments, with the times when they are due, and its students, with what
    they are called; where a teacher has typed another name, it stays."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{root / GRADEBOOK}", course["name"]) as gradebook:
        for name, due in course["assignments"].items():
            # naive, in UTC: nbgrader's own form
            values = {} if due is None else {"duedate": datetime.fromtimestamp(due, UTC).replace(tzinfo=None)}
            gradebook.update_or_create_assignment(name, **values)
        told = dict(before := _told(root))
        for student, name in course["students"].items():
            parts = {"first_name": name[0] or None, "last_name": name[1] or None}
            try:
                known = gradebook.find_student(student)
            except MissingEntry:
                gradebook.add_student(student, **parts)
            else:
                now = [known.first_name or "", known.last_name or ""]
                if now not in (["", ""], name, before.get(student)):
                    told.pop(student, None)
                    continue
                if now != name:
                    gradebook.update_or_create_student(student, **parts)
            told[student] = name
    if told != before:
        _tell(root, told)


def _told(root: Path) -> dict[str, list[str]]:
    try:
        found: dict[str, list[str]] = json.loads((root / NAMES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _tell(root: Path, told: Mapping[str, list[str]]) -> None:
    path = root / NAMES
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(told), encoding="utf-8")
    fresh.replace(path)


def main(arguments: list[str]) -> int:
    """Do it; 1: it cannot be done, which the last line says."""
    course = json.load(sys.stdin)
    root = Path(arguments[0])
    logging.disable(logging.INFO)
    try:
        make(root, course["assignments"])
        if kept := bring_up_to_date(root / GRADEBOOK):
            print(f"{root / GRADEBOOK} is of this nbgrader's form now; as it was before: {kept.name}")
        fill(root, course)
    except Exception as error:  # of the database, mostly
        print(f"{root}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
