"""The lab in which a course is graded, as a teacher comes into it."""

from __future__ import annotations

import copy

from tests.faults import until
from tests.person import Person


def grader_lab(teacher: Person, course: str) -> Person:
    """Start it, and wait until it answers the teacher, whom nobody asks for consent: its owner is nobody."""
    until(lambda: teacher.get(f"hub/homeroom/courses/{course}").status_code == 200, "the course is there")
    grader = copy.copy(teacher)
    grader.name = f"grader-{course}"
    grader.get("hub/home")
    assert grader.api("POST", f"users/{grader.name}/server").status_code in (201, 202)
    grader.wait_for_lab()
    return grader
