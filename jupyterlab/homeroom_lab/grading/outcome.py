"""What came of grading an assignment: `python -m homeroom_lab.grading.outcome COURSE_DIRECTORY ASSIGNMENT`, which
prints one line of JSON. Gradebook and the notebooks in `autograded/` are read alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from homeroom_lab.grades.gradebook import FILE

NO_ANSWER = "No response."
"""What nbgrader says itself of an answer that is as it was given out: no trouble."""


def read(course: Path, assignment: str) -> dict[str, Any]:
    """By student: points and how many there are; the tests that earned less than they may, the first error of each
    notebook, and why one did not run as a whole."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / FILE}") as gradebook:
        return {
            each.student.id: {
                "points": each.score,
                "maximum": each.max_score,
                "tests": sum(1 for _ in _tests(each)),
                "lost": [f"{grade.name} ({grade.auto_score:g} of {grade.max_score:g})" for grade in _lost(each)],
                "reasons": sorted(_reasons(each)),
                "errors": list(_errors(course / "autograded" / each.student.id / assignment)),
            }
            for each in gradebook.assignment_submissions(assignment)
        }


def _tests(submission: Any) -> Iterator[Any]:
    """What is graded by a run, and not by people."""
    for notebook in submission.notebooks:
        by_people = {each.name for each in (*notebook.notebook.solution_cells, *notebook.notebook.task_cells)}
        for grade in notebook.grades:
            if grade.name not in by_people and grade.max_score:
                yield grade


def _lost(submission: Any) -> list[Any]:
    return [each for each in _tests(submission) if (each.auto_score or 0.0) < each.max_score]


def _reasons(submission: Any) -> set[str]:
    said = {comment.auto_comment for notebook in submission.notebooks for comment in notebook.comments}
    return {each for each in said if each and each != NO_ANSWER}


def _errors(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = (output for cell in cells for output in cell.get("outputs", ()))
        found = next((each for each in outputs if each["output_type"] == "error"), None)
        if found is not None:
            yield f"{path.name}: {found['ename']}: {found['evalue']}"[:200]


if __name__ == "__main__":
    print(json.dumps(read(Path(sys.argv[1]), sys.argv[2])))
