"""Labs in which courses are graded: what hub and guard call them, and how they say why a hand-in was not run."""

from __future__ import annotations

GRADER_PREFIX = "grader-"
NOT_YET, DAMAGED = "not-yet", "damaged"
"""Nobody had it autograded; or a notebook of it is none."""
NOT_RUN = (NOT_YET, DAMAGED)


def grader_name(course: str) -> str:
    """The user in whose lab a course is graded. The hub lets nobody sign in by such a name."""
    return f"{GRADER_PREFIX}{course}"
