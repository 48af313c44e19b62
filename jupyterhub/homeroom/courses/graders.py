"""The labs in which courses are graded: one a course, which its teachers and assistants enter, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from homeroom.contract.grader_labs import GRADER_PREFIX, grader_name
from homeroom.courses.course import ASSISTANTS, GRADERS, TEACHERS, Course, group_name
from homeroom.shared_labs import users
from homeroom.shared_labs.shared_lab import SharedLab

GRADER = "grader"
"""What is in `jupyter-roles/` of the lab's image for these."""
GRADE = (TEACHERS, ASSISTANTS)


def take_up(hub: Any, courses: Iterable[Course]) -> bool:
    """Have there be one for each course; into that of one that is archived nobody comes by their role in it. Commits.

    :returns: whether there is a new one.
    """
    now = time.time()
    labs = (
        SharedLab(
            name=grader_name(course.name),
            entered_by=() if course.is_archived(now) else tuple(group_name(course.name, role) for role in GRADE),
            profile=course.grader_profile,
            role=GRADER,
            member_of=(group_name(course.name, GRADERS),),
            set_aside=True,
        )
        for course in courses
    )
    return users.take_up(hub.db, GRADER_PREFIX, labs)


def who_enters(db: Session) -> dict[str, set[str]]:
    """Who may enter each of them, as the database has it."""
    return users.who_enters(db, GRADER_PREFIX)


def end_closed(hub: Any, before: Mapping[str, set[str]]) -> None:
    """Begin to end those of courses that are gone, and those that somebody may enter no more: who grades goes on in a
    lab in which nothing of theirs runs.

    :param before: as `who_enters`, before members were looked at.
    """
    users.note_left(hub.db, GRADER_PREFIX, before)
    users.end_closed(hub, GRADER_PREFIX)
