"""The page of a course's grades, for those who grade it."""

from __future__ import annotations

from typing import Any

from jupyterhub.orm import Group
from tornado import web

from homeroom.courses import desk_client, grade_table
from homeroom.courses.calendar import written
from homeroom.courses.course import STUDENTS, Course, group_name
from homeroom.courses.courses_file import Courses
from homeroom.courses.grade_table import Table
from homeroom.courses.graders import GRADE
from homeroom.courses.pages import CourseHandler
from homeroom.texts.refusal import Refusal


class GradesHandler(CourseHandler):
    """`/hub/homeroom/courses/NAME/grades`."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """The table."""
        courses, course, role = self.graded(name)
        found = await desk_client.grades(name)
        values: dict[str, Any] = {
            "course": course,
            "role": role,
            "zone": courses.zone.key,
            "table": self.table(course, found),
            "points": grade_table.written,
            "at": written(int(found["at"]), courses.zone) if found else "",
        }
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template("course-grades.html", **values))

    def graded(self, name: str) -> tuple[Courses, Course, str]:
        """As `course`.

        :raises HTTPError: 403, they are in it, and do not grade it.
        """
        courses, course, role = self.course(name)
        if role not in GRADE:
            raise Refusal(403, "grades.wrong.not_yours")
        return courses, course, role

    def table(self, course: Course, found: dict[str, Any] | None) -> Table:
        """The grades of those who take the course now."""
        group = Group.find(self.db, group_name(course.name, STUDENTS))
        return grade_table.table_of(course, [user.name for user in group.users] if group is not None else (), found)


class GradesFileHandler(GradesHandler):
    """`/hub/homeroom/courses/NAME/grades.csv`."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """The same, for spreadsheets."""
        _, course, _ = self.graded(name)
        table = self.table(course, await desk_client.grades(name))
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="grades-{course.name}.csv"')
        self.finish(("\N{BYTE ORDER MARK}" + grade_table.as_csv(table)).encode())
