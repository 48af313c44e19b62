"""What a lab is for in courses: it has the pages of nbgrader that belong to it, and no others."""

from __future__ import annotations

from homeroom.courses.course import STUDENTS, group_name
from homeroom.courses.courses_file import Courses
from homeroom.labs.plan import Person
from homeroom.shared_labs import shared_lab

STUDENT = "student"


def lab_role(person: Person) -> str:
    """Of a lab that several enter its own, such as `grader`; `student` for that of somebody who takes a course; else
    empty."""
    if shared_lab.is_shared(person.name):
        lab = shared_lab.of(person.name)
        return lab.role if lab else ""
    takes = any(group_name(course, STUDENTS) in person.hub_groups for course in Courses.instance().read())
    return STUDENT if takes else ""
