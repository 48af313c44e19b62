"""The labs in which courses are graded: one a course, which its teachers and assistants enter, and nobody else."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from homeroom.courses.course import ASSISTANTS, GRADER_PREFIX, GRADERS, TEACHERS, Course, grader_name, group_name
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


def end_closed(hub: Any) -> None:
    """Begin to end those of courses that are gone."""
    users.end_closed(hub, GRADER_PREFIX)
