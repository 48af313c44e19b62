"""The page of a course: for students what is due when, for teachers who is in it and what all have to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.orm import Group
from tornado import web

from homeroom.contract.grader_labs import grader_name
from homeroom.courses import called, desk_client, grade_table, graders, handed_out, lms_courses, members
from homeroom.courses.calendar import day, written
from homeroom.courses.course import ROLES, STUDENTS, TEACHERS, Assignment, Course, group_name
from homeroom.courses.courses_file import Courses
from homeroom.courses.given_out import GivenOut
from homeroom.courses.progress import progress_of
from homeroom.shared_labs import shared_lab
from homeroom.texts.refusal import Refusal

_rooms: list[Callable[[Any, Any, str], list[dict[str, Any]]]] = []


def show_rooms_by(ask: Callable[[Any, Any, str], list[dict[str, Any]]]) -> None:
    """Have a course's page show the course's rooms.

    :param ask: gives those that somebody may enter, of a handler, a user and a course.
    """
    _rooms[:] = [ask]


class CourseHandler(BaseHandler):
    """`/hub/homeroom/courses/NAME`. Who is not in the course is told what they are told of one that there is not."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Show it as whoever asks may see it."""
        courses, course, role = self.course(name)
        person, now = self.current_user.name, time.time()
        found = await desk_client.receipts(name, person if role == STUDENTS else "")
        receipts = [{**each, "time": written(int(each["at"]), courses.zone, seconds=True)} for each in found or ()]
        given_out = GivenOut.from_json(await desk_client.given_out(name))
        given = given_out.out if role == STUDENTS else given_out.out | given_out.waiting
        still_open = given - given_out.listed  # without being in the list: what was once there is over
        handed_in = {each["assignment"] for each in receipts}
        assignments = course.work(sorted(handed_in | (still_open if role == STUDENTS else given)))
        values: dict[str, Any] = {"course": course, "role": role, "zone": courses.zone.key, "receipts": receipts}
        if role == STUDENTS:
            values["work"] = [work_of(each, person, now, courses.zone) for each in assignments]
        else:
            values["work"] = [overview_of(each, now, courses.zone) for each in assignments]
            values["members"] = self._members(course)
            here = {name for each in values["members"] for name in each["here"]}
            values["called"] = self.called(course, here | {each["person"] for each in receipts})
        asked = () if self.current_user.spawner.sits_exam else _rooms  # then no lab but that of the exam is entered
        values["rooms"] = [room for ask in asked for room in ask(self, self.current_user, name)]
        values["handouts"] = await handed_out.of_course(self, name, role, values.get("members", ()), courses.zone)
        own_grades = await self._own_grades(name) if role == STUDENTS else {}
        all_grades = await desk_client.grades(name) if role in graders.GRADE else None
        values["grades"], values["points"] = role in graders.GRADE, grade_table.shown
        values["teaches"] = role == TEACHERS
        values["archived"] = day(course.archive, courses.zone) if course.is_archived(now) else ""
        values["removed"] = day(course.purge, courses.zone)
        if role in graders.GRADE and not values["archived"] and shared_lab.of(grader_name(name)) is not None:
            values["grader"] = self._grader(name)
        for each in values["work"]:
            own = [receipt for receipt in receipts if receipt["assignment"] == each["name"]]
            each["handed_in"] = own
            released = given_out.of(each["name"])
            came = None if released["came"] is None else int(released["came"])
            each["released"] = {**released, "came": written(came, courses.zone, seconds=True)}
            each["closed"] = course.assignment(each["name"]) is None and each["name"] not in still_open
            if each["closed"]:
                each["state"] = "closed"
            each["feedback"] = [one["code"] for one in own if given_out.has_feedback(each["name"], one["code"])]
            each["people"] = len({receipt["person"] for receipt in own})
            each["grade"] = own_grades.get(each["name"])
            each["progress"] = progress_of(each["name"], own, all_grades) if role in graders.GRADE else None
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template("course.html", **values))

    def course(self, name: str) -> tuple[Courses, Course, str]:
        """A course, and what whoever asks is in it.

        :raises HTTPError: 404, there is none of this name, or they are not in it.
        """
        courses = Courses.instance(config=self.settings["config"])
        known = courses.read()
        role = members.roles_of(self.current_user.orm_user, known).get(name)
        if role is None:
            raise Refusal(404, "courses.wrong.unknown")
        return courses, known[name], role

    def called(self, course: Course, people: Iterable[str]) -> dict[str, str]:
        """What people of a course are called, for those who teach or watch it."""
        return called.people(self.db, course, people, lms_courses.way(self.authenticator))

    def require_going_on(self, course: Course) -> None:
        """:raises HTTPError: 403, it is archived, and changed no more."""
        if course.is_archived(time.time()):
            raise Refusal(403, "courses.wrong.archived")

    async def _own_grades(self, course: str) -> dict[str, dict[str, Any]]:
        """What whoever asks may see of their grades, by assignment."""
        found, given_out = await desk_client.grades(course), await desk_client.given_out(course)
        return grade_table.of_student(found, self.current_user.name, grade_table.released_to(given_out))

    def _grader(self, course: str) -> dict[str, Any]:
        """The lab in which it is graded: where it is opened, and whether it runs."""
        user = self.find_user(grader_name(course))
        return {
            "name": grader_name(course),
            "page": f"{self.hub.base_url}spawn/{grader_name(course)}?"
            + urlencode({"next": f"{self.base_url}user/{grader_name(course)}/formgrader"}),
            "runs": user is not None and bool(user.spawner.active),
        }

    def _members(self, course: Course) -> list[dict[str, Any]]:
        """Who is in it, by role: those who have been here, and those whom lists or a platform name besides."""
        found = []
        way = lms_courses.way(self.authenticator)
        elsewhere = lms_courses.not_here(self.db, course, way.known(self.db)) if way is not None else {}
        for role in ROLES:
            group = Group.find(self.db, group_name(course.name, role))
            here = {user.name for user in group.users} if group is not None else set()
            there = {user for user in course.roles[role].people if user not in here and user not in self.users}
            expected = [*sorted(there), *elsewhere.get(role, ())]
            found.append({"role": role, "here": sorted(here), "expected": expected})
        return found


def work_of(assignment: Assignment, person: str, now: float, zone: ZoneInfo) -> dict[str, Any]:
    """An assignment as one student sees it: with their own times."""
    times = assignment.times_of(person)
    state = times.state(now)
    ahead = {"before": times.opens, "open": times.due or times.closes, "late": times.closes}.get(state)
    return {
        "title": assignment.title,
        "name": assignment.name,
        "state": state,
        "left_seconds": None if ahead is None else max(0, ahead - now),
        "opens": written(times.opens, zone),
        "due": written(times.due, zone),
        "closes": written(times.closes, zone),
        "late": assignment.late,
        "extra_seconds": times.extra_seconds,
    }


def overview_of(assignment: Assignment, now: float, zone: ZoneInfo) -> dict[str, Any]:
    """An assignment as its teachers see it: the times of all, and who has more."""
    values = work_of(assignment, "", now, zone)
    return {**values, "extra": sorted(assignment.extra_seconds.items())}
