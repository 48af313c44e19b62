"""The page of a course's grades, for those who grade it."""

from __future__ import annotations

import time
from typing import Any

from jupyterhub.orm import Group
from tornado import web

from homeroom.courses import desk_client, grade_table, lms_courses, lms_grades
from homeroom.courses.calendar import written
from homeroom.courses.course import STUDENTS, TEACHERS, Course, group_name
from homeroom.courses.courses_file import Courses
from homeroom.courses.grade_table import Table
from homeroom.courses.graders import GRADE
from homeroom.courses.pages import CourseHandler
from homeroom.lms import client
from homeroom.texts.refusal import Refusal

SAID = ("sending", "asked", "changed", "nothing", "busy", "none", "unknown", "away")
"""What a button's page says of what came of it."""


class GradesHandler(CourseHandler):
    """`/hub/homeroom/courses/NAME/grades`."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """The table."""
        courses, course, role = self.graded(name)
        found = await desk_client.grades(name)
        table = self.table(course, found)
        values: dict[str, Any] = {
            "course": course,
            "role": role,
            "zone": courses.zone.key,
            "table": table,
            "points": grade_table.shown,
            "called": self.called(course, table.rows),
            "at": written(int(found["at"]), courses.zone) if found else "",
        }
        if course.lti is not None:
            values["lms"] = await self._lms(courses, course, table)
            values["archived"] = course.is_archived(time.time())
            values["may_send"] = role == TEACHERS and not values["archived"]
            said = self.get_argument("said", "")
            values["said"] = said if said in SAID else ""
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template("course-grades.html", **values))

    async def _lms(self, courses: Courses, course: Course, table: Table) -> dict[str, Any]:
        """How the course stands with its learning platform; where nobody can say, that."""
        order, left_out = self.order(course, table)
        try:
            state = await client.asked("GET", f"/courses/{course.name}")
            preview = await client.asked("POST", f"/courses/{course.name}/preview", order)
        except (client.ServiceAway, client.Refused) as error:
            self.log.warning("%s at its learning platform: %r", course.name, error)
            return {}
        return {**lms_grades.shown(state, preview, courses.zone), "left_out": left_out}

    def order(self, course: Course, table: Table) -> tuple[dict[str, Any], list[str]]:
        """What is to be sent to the course's learning platform; and of whom it cannot be."""
        way = lms_courses.way(self.authenticator)
        known = way.known(self.db) if way is not None else []
        ids = lms_courses.user_ids(self.db, course, known, table.rows)
        return lms_grades.order_of(course.title, table, ids), lms_grades.without_id(table, ids)

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


class LMSHandler(GradesHandler):
    """`/hub/homeroom/courses/NAME/lms`: what a teacher has done at the course's learning platform."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Lead to the page of grades."""
        self.graded(name)
        self.redirect(f"{self.hub.base_url}homeroom/courses/{name}/grades")

    @web.authenticated
    async def post(self, name: str) -> None:
        """Send what was shown, take a sending back, or ask anew who is in the course.

        :raises HTTPError: 403, whoever asks does not teach it.
        """
        _, course, role = self.graded(name)
        if role != TEACHERS:
            raise Refusal(403, "grades.wrong.teachers_send")
        self.require_going_on(course)
        try:
            said = await self._do(course, self.get_body_argument("do", ""))
        except client.Refused as refused:
            said = refused.word
        except client.ServiceAway as error:
            self.log.warning("%s at its learning platform: %s", name, error)
            said = "away"
        self.redirect(f"{self.hub.base_url}homeroom/courses/{name}/grades?said={said}#lms")

    async def _do(self, course: Course, what: str) -> str:
        """:raises Refused: and ServiceAway: as the service says."""
        person, at = self.current_user.name, f"/courses/{course.name}"
        if what == "send":
            order, _ = self.order(course, self.table(course, await desk_client.grades(course.name)))
            asked = {**order, "digest": self.get_body_argument("digest", ""), "by": person}
            await client.asked("POST", f"{at}/sends", asked)
            return "sending"
        if what == "undo" and (number := self.get_body_argument("number", "")).isdecimal() and len(number) < 10:
            await client.asked("POST", f"{at}/sends/{number}/undo", {"by": person})
            return "sending"
        if what == "roster":
            await client.asked("POST", f"{at}/roster")
            return "asked"
        return "unknown"


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
        self.finish(("\N{BYTE ORDER MARK}" + grade_table.as_csv(table, self.called(course, table.rows))).encode())
