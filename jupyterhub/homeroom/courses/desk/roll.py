"""What the lab in which a course is graded is told of the course: what is due, and who takes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from homeroom.courses.course import STUDENTS, Course
from homeroom.courses.desk.routes import Route
from homeroom.courses.desk.told import Told
from homeroom.courses.nbgrader_names import student_id


class Roll:
    """Answers with it.

    :param told: gives what the hub has told last.
    """

    def __init__(self, told: Callable[[], Told]) -> None:
        self._told = told
        self.routes: list[Route] = [Route("GET", re.compile("/course"), self.course)]

    async def course(self, course: Course, request: web.BaseRequest) -> web.Response:
        """The course."""
        return web.json_response(self.of_course(course))

    def of_course(self, course: Course) -> dict[str, Any]:
        """Assignments with the times when they are due, in seconds since 1970, and students by nbgrader's ids, with
        given and family name; of whom nobody says them, the user name is the second."""
        told = self._told()
        members, names = told.members.get(course.name, {}), told.names.get(course.name, {})
        students = sorted(name for name, role in members.items() if role == STUDENTS)
        return {
            "name": course.name,
            "title": course.title,
            "assignments": {each.name: each.due for each in course.assignments},
            "students": {student_id(name): list(names.get(name, ("", name))) for name in students},
        }
