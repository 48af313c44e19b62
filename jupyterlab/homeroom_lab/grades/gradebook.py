"""What nbgrader's gradebook says, by nbgrader's own API: points by hand and what being late costs are in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FILE = "gradebook.db"


def read(course: Path) -> dict[str, Any]:
    """The scores of a course's directory, as the desk takes them; nothing where there is no gradebook yet."""
    path = course / FILE
    if not path.is_file():
        return {"assignments": []}
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}") as gradebook:
        return {"assignments": [_assignment(gradebook, each) for each in gradebook.assignments]}


def _assignment(gradebook: Any, assignment: Any) -> dict[str, Any]:
    return {
        "name": assignment.name,
        "maximum": assignment.max_score,
        "scores": [_score(each) for each in gradebook.assignment_submissions(assignment.name)],
    }


def _score(submission: Any) -> dict[str, Any]:
    """As nbgrader's own export has it: never less than nothing for being late."""
    penalty = submission.late_submission_penalty or 0.0
    return {
        "student": submission.student.id,
        "points": max(0.0, submission.score - penalty),
        "penalty": penalty,
        "late": submission.total_seconds_late > 0,
        "needs_grading": bool(submission.needs_manual_grade),
    }
