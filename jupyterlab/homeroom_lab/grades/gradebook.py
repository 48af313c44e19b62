"""What nbgrader's gradebook says, by nbgrader's own API: points by hand and what being late costs are in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from homeroom_lab.validation import flaw

FILE = "gradebook.db"
NOT_YET, DAMAGED = "not-yet", "damaged"
"""Why a hand-in was not run: nobody had it autograded, or a notebook of it is none."""


def read(course: Path) -> dict[str, Any]:
    """The scores of a course's directory, as the desk takes them; nothing where there is no gradebook yet."""
    path = course / FILE
    if not path.is_file():
        return {"assignments": []}
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{path}") as gradebook:
        return {"assignments": [_assignment(gradebook, each, course) for each in gradebook.assignments]}


def not_run(course: Path, student: str, assignment: str) -> str:
    """Why a hand-in was not run; empty: it was, or its files are not here."""
    handed_in = course / "submitted" / student / assignment
    if not handed_in.is_dir() or (course / "autograded" / student / assignment).is_dir():
        return ""
    return DAMAGED if any(flaw(each) for each in handed_in.glob("*.ipynb")) else NOT_YET


def _assignment(gradebook: Any, assignment: Any, course: Path) -> dict[str, Any]:
    return {
        "name": assignment.name,
        "maximum": assignment.max_score,
        "scores": [_score(each, course) for each in gradebook.assignment_submissions(assignment.name)],
    }


def _score(submission: Any, course: Path) -> dict[str, Any]:
    """As nbgrader's own export has it: never less than nothing for being late. What has all its points was run, also
    where its files are here no more."""
    needs_grading = bool(submission.needs_manual_grade)
    penalty = submission.late_submission_penalty or 0.0
    return {
        "student": submission.student.id,
        "points": max(0.0, submission.score - penalty),
        "penalty": penalty,
        "late": submission.total_seconds_late > 0,
        "needs_grading": needs_grading,
        "not_run": not_run(course, submission.student.id, submission.assignment.name) if needs_grading else "",
    }
