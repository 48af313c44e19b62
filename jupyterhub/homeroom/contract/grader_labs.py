"""Labs in which courses are graded, as hub and guard call them."""

from __future__ import annotations

GRADER_PREFIX = "grader-"


def grader_name(course: str) -> str:
    """The user in whose lab a course is graded. The hub lets nobody sign in by such a name."""
    return f"{GRADER_PREFIX}{course}"
