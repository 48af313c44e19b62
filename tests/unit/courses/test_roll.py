"""What the lab in which a course is graded is told of the course."""

from __future__ import annotations

import json

from homeroom.courses.desk.roll import Roll
from homeroom.courses.desk.told import Told

from tests.unit.courses.desk import told


def test_the_grader_is_told_of_its_course() -> None:
    """Its assignments with the times when they are due, and its students by their ids in nbgrader, with what they are
    called; teachers are none, and nobody of another course is named."""
    values = told()
    values["members"] = {
        "biology": {"b+ob": "students", "chen": "students", "ada": "teachers"},
        "physics": {"olga": "students"},
    }
    values["names"] = {"biology": {"chen": ["Chen", "Li"], "ada": ["", "Ada"]}, "physics": {"b+ob": ["", "Bob"]}}
    found = Told.from_json(json.dumps(values).encode())
    course = found.courses["biology"]
    answer = Roll(lambda: found).of_course(course)
    assert answer["name"] == "biology"
    assert answer["students"] == {"b-2bob": ["", "b+ob"], "chen": ["Chen", "Li"]}
    assert answer["assignments"] == {each.name: each.due for each in course.assignments}
    assert answer["assignments"]
