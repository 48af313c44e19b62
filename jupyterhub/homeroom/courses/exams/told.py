"""What the hand-in desk is told of exams: whose lab is in one, and whose home is just handed in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homeroom.contract import sockets
from homeroom.contract.exam_labs import lab_name, seal_directory
from homeroom.exam_labs import exam_lab

ending: dict[str, dict[str, str | int]] = {}
"""By the directories that the guard makes for it."""


def begin(course: str, exam: str, person: str, ends_at: int) -> None:
    """Have the desk open for the home of an exam that was over then."""
    directory = seal_directory(person, lab_name(course, exam))
    ending[directory] = {"course": course, "exam": exam, "person": person, "ends_at": ends_at}


def end(course: str, exam: str, person: str) -> None:
    """Have it close again."""
    ending.pop(seal_directory(person, lab_name(course, exam)), None)


def running(users: Iterable[Any]) -> dict[str, dict[str, str]]:
    """The labs of exams that run, by their directories of sockets."""
    labs = [lab for user in users for lab in user.spawners.values() if lab.active]
    sat = [(each, exam_lab.of(each.user.name, each.name)) for each in labs]
    return {
        sockets.directory_name(each.user.name, each.name): {
            "course": known.course,
            "exam": known.exam,
            "person": known.person,
        }
        for each, known in sat
        if known is not None
    }
