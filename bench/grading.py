"""How long a class takes to be graded, and whether the grader's pages answer meanwhile: autograding by the page, beside
nbgrader's own in series, in the same lab, one after the other."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.table import Goal, Row
from tests.grader_lab import CELL, grader_lab
from tests.hub_deployment import deployment_with_site
from tests.person import Person

COURSES = """\
courses:
  - name: botany
    title: Botany for all
    teachers: {people: [ada]}
    students: {people: [bob]}
    assignments: [{name: week-1, opens: 2020-01-01, due: 2099-01-01}]
"""
MAKE = (
    CELL
    + """
import json, pathlib, subprocess
def put(folder, solution):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("first", "second"):
        cells = [cell("f", solution, solution=True),
                 cell("t", "assert f(1) == 2\\nassert f(41) == 42", grade=True, locked=True, points=3)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
root = pathlib.Path.home() / "course"
put(root / "source/week-1", "def f(x):\\n    ### BEGIN SOLUTION\\n    return x + 1\\n    ### END SOLUTION")
for number in range(%d):
    put(root / f"submitted/student-{number:03}/week-1", f"def f(x):\\n    return x + {number %% 3}")
command = "nbgrader generate_assignment week-1 --course botany --CourseDirectory.root=."
print(subprocess.run(command.split(), cwd=root, capture_output=True, text=True))
"""
)
SERIES = """
import pathlib, shutil, subprocess, time
root = pathlib.Path.home() / "course"
def scores():
    code = ("from nbgrader.api import Gradebook; g = Gradebook('sqlite:///gradebook.db');"
            "print(sorted((s.student.id, s.score) for s in g.assignment_submissions('week-1')))")
    return subprocess.run(["/opt/jupyter/bin/python", "-c", code], cwd=root, capture_output=True, text=True).stdout
before = scores()
subprocess.run(["chmod", "-R", "u+w", "autograded"], cwd=root)
shutil.rmtree(root / "autograded")
began = time.monotonic()
command = "env JUPYTER_CONFIG_PATH= nbgrader autograde week-1 --course botany --CourseDirectory.root=."
done = subprocess.run(command.split(), cwd=root, capture_output=True, text=True)
assert done.returncode == 0, done.stderr[-2000:]
assert scores() == before, "the scores are others"
print(time.monotonic() - began)
"""
LONGEST_SECONDS = 3600
PAUSE_SECONDS = 1.0
"""Between two pages of whoever grades; two lists are asked for each time."""


def rows(students: int) -> list[Row]:
    """Grade a class of two notebooks each, both ways."""
    settings = {"AUTH": "native", "LAB_FEATURES": "nbgrader", "LAB_CPUS": "2"}
    with (
        tempfile.TemporaryDirectory(prefix="homeroom-bench-") as directory,
        deployment_with_site(Path(directory) / "site", "hrbenchgrading", {"courses.yaml": COURSES}, **settings) as made,
    ):
        ada = Person(made, "ada")
        ada.sign_in(made.new_password("ada"))
        grader = grader_lab(ada, "botany")
        grader.run(MAKE % students)
        seconds, pages = by_page(grader)
        series = float(grader.run(SERIES))
    return [
        Row(
            name="grading",
            what=f"{students} students x 2 notebooks are graded",
            unit="s",
            homeroom=[seconds],
            reference=[series],
            goal=Goal(ratio=1 / 2.5),
            of="in series",
        ),
        Row(name="grading", what="a page of the grader's meanwhile", unit="ms", homeroom=pages, goal=Goal(value=300)),
    ]


def by_page(grader: Person) -> tuple[float, list[float]]:
    """Grade by the page's button; the seconds that it took, and the milliseconds that pages took meanwhile."""
    address = "formgrader/api/assignment/week-1/autograde"
    pages: list[float] = []
    grader.ask_lab("GET", "formgrader/api/assignments")  # what a first page loads is not measured
    began = time.monotonic()
    told: dict[str, Any] = json.loads(grader.ask_lab("POST", address).text)
    while told["going"]:
        assert time.monotonic() - began < LONGEST_SECONDS
        for page in ("formgrader/api/assignments", "formgrader/manage_assignments"):
            asked = time.monotonic()
            assert grader.ask_lab("GET", page).status_code == 200
            pages.append((time.monotonic() - asked) * 1000)
        time.sleep(PAUSE_SECONDS)
        told = json.loads(grader.ask_lab("GET", address).text)
    seconds = time.monotonic() - began
    assert told["ended_with"]["success"], told["ended_with"]
    return seconds, pages
