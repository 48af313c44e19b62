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


def make(root: Path, assignments: Mapping[str, Any]) -> None:
    """Make the directory, with a folder for each assignment: the formgrader lists those that there are.

    :raises OSError: something else has the name.
    """
    for name in ("", *assignments):
        (root / SOURCE / name).mkdir(parents=True, exist_ok=True)


def fill(root: Path, course: Mapping[str, Any]) -> None:
    """Have the gradebook know the course's assignments, with the times when they are due, and its students."""
    from nbgrader.api import Gradebook, MissingEntry

    with Gradebook(f"sqlite:///{root / GRADEBOOK}", course["name"]) as gradebook:
        for name, due in course["assignments"].items():
            # naive, in UTC: nbgrader's own form
            values = {} if due is None else {"duedate": datetime.fromtimestamp(due, UTC).replace(tzinfo=None)}
            gradebook.update_or_create_assignment(name, **values)
        for student in course["students"]:
            try:
                gradebook.find_student(student)
            except MissingEntry:
                gradebook.add_student(student)


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
