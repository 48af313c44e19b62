"""The lab in which a course is graded, as a teacher comes into it; and an assignment, as it is made and done."""

from __future__ import annotations

import copy

from tests.faults import until
from tests.person import Person

RUN = """
import subprocess
done = subprocess.run(%r, shell=True, capture_output=True, text=True)
print(done.returncode, done.stdout, done.stderr)
"""
CELL = """
def cell(name, source, **says):
    says = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3, "grade_id": name,
            "cell_type": "code", **says}
    return {"cell_type": "code", "id": name, "metadata": {"nbgrader": says}, "source": source, "outputs": [],
            "execution_count": None}
"""
"""Makes a cell of an assignment: for lines that run in a lab."""
SOURCE = (
    CELL
    + """
import json, pathlib
cells = [
    cell("f", "def f(x):\\n    ### BEGIN SOLUTION\\n    return x + 1\\n    ### END SOLUTION", solution=True),
    cell("t", "assert f(1) == 2\\n### BEGIN HIDDEN TESTS\\nassert f(41) == 42, 'try larger numbers'\\n"
         "### END HIDDEN TESTS", grade=True, locked=True, points=3),
]
kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
folder = pathlib.Path.home() / "course/source/week-1"
folder.mkdir(parents=True, exist_ok=True)
(folder / "week.ipynb").write_text(json.dumps(notebook))
"""
)
"""Makes it in the grader lab."""
WORK = """
import json, pathlib
folder = pathlib.Path.home() / "week-1"
notebook = json.loads((folder / "week.ipynb").read_text())
assert "BEGIN" not in json.dumps(notebook)
notebook["cells"][0]["source"] = %r
(folder / "week.ipynb").write_text(json.dumps(notebook))
"""
"""Does it in a student's lab, by this solution."""


def grader_lab(teacher: Person, course: str) -> Person:
    """Start it, and wait until it answers the teacher, whom nobody asks for consent: its owner is nobody."""
    until(lambda: teacher.get(f"hub/homeroom/courses/{course}").status_code == 200, "the course is there")
    grader = copy.copy(teacher)
    grader.name = f"grader-{course}"
    grader.get("hub/home")
    assert grader.api("POST", f"users/{grader.name}/server").status_code in (201, 202)
    grader.wait_for_lab()
    return grader


def said(person: Person, command: str) -> str:
    """What a command says in somebody's lab, which does what it is asked."""
    answer = person.run(RUN % command)
    assert answer.startswith("0 "), f"{person.name}: {command}: {answer}"
    return answer
