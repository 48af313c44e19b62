"""What a lab is for in courses: it has the pages of nbgrader that belong to it, and no others."""

from __future__ import annotations

from homeroom.courses.course import GRADER_PREFIX, STUDENTS, group_name
from homeroom.courses.courses_file import Courses
from homeroom.labs.plan import Person
from homeroom.shared_labs import shared_lab

GRADER, STUDENT = "grader", "student"


def lab_role(person: Person) -> str:
    """`grader` for a lab in which a course is graded, `student` for that of somebody who takes one; else empty."""
    if shared_lab.is_shared(person.name):
        return GRADER if person.name.startswith(GRADER_PREFIX) and shared_lab.of(person.name) else ""
    takes = any(group_name(course, STUDENTS) in person.hub_groups for course in Courses.instance().read())
    return STUDENT if takes else ""
