"""The page for whoever invigilates an exam: who is in, who is idle, what is handed in, and how long there is left."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from tornado import web

from homeroom.courses import called, lms_courses
from homeroom.courses.calendar import written
from homeroom.courses.course import STUDENTS, Course, Exam
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import hold, records, watch
from homeroom.courses.exams.records import ExamSitting
from homeroom.courses.exams.sit import INVIGILATE, ExamHandler, state_of
from homeroom.exam_labs.exam_lab import ExamLab
from homeroom.texts.refusal import Refusal

REFRESH_SECONDS = 15
MORE_SECONDS = 600
MOST_MORE_SECONDS = 24 * 3600
IDLE_SECONDS = 300


class InvigilateHandler(ExamHandler):
    """`/hub/homeroom/exams/COURSE/EXAM/people`, for teachers and assistants of the course."""

    @web.authenticated
    async def get(self, course: str, exam: str) -> None:
        """Show everybody."""
        taken, sat, role = self.exam(course, exam)
        if role not in INVIGILATE:
            raise Refusal(404, "exams.wrong.unknown")
        labs = self._labs(taken, sat)
        receipts = await self.receipts(course, exam)
        kept = records.of_exam(self.db, course, exam)
        now, zone = time.time(), Courses.instance().zone
        people = [self._person(lab, kept.get(lab.person), receipts, now) for lab in sorted(labs, key=_name)]
        self.set_header("Cache-Control", "no-store")
        self.set_header("Refresh", str(REFRESH_SECONDS))
        values = {
            "course": taken,
            "exam": sat,
            "begins": written(sat.opens, zone),
            "ends": written(sat.opens + sat.seconds, zone),
            "begins_in": max(0.0, sat.opens - now),
            "people": people,
            "called": called.people(self.db, taken, {lab.person for lab in labs}, lms_courses.way(self.authenticator)),
            "counts": {state: sum(each["state"] == state for each in people) for state in STATES},
            "more_minutes": MORE_SECONDS // 60,
            "given": {person: each.more_seconds for person, each in kept.items()},
            "zone": zone.key,
        }
        self.finish(await self.render_template("exam-people.html", **values))

    @web.authenticated
    async def post(self, course: str, exam: str) -> None:
        """Give more time, to one or to all; once, where two ask for it who have seen the same."""
        taken, sat, role = self.exam(course, exam)
        if role not in INVIGILATE:
            raise Refusal(404, "exams.wrong.unknown")
        person = self.get_body_argument("person", "")
        if person and person not in {lab.person for lab in self._labs(taken, sat)}:
            raise Refusal(404, "exams.wrong.nobody")
        given = records.of_exam(self.db, course, exam).get(person)
        if self.get_body_argument("shown", "") != str(given.more_seconds if given is not None else 0):
            raise Refusal(409, "exams.wrong.more_changed")
        kept = records.sitting(self.db, course, exam, person)
        if kept.more_seconds + MORE_SECONDS <= MOST_MORE_SECONDS:
            kept.more_seconds += MORE_SECONDS
            self.db.commit()
            watch.take_up(self.settings["config"], self.db)
            self.log.info(
                "%s gives %s more time in %s of %s", self.current_user.name, person or "all", sat.name, course
            )
        self.redirect(self.request.path)

    def _labs(self, course: Course, exam: Exam) -> list[ExamLab]:
        """Of everybody who is to sit it, also of those who have never been here."""
        labs = [each for each in hold.labs_of(self.db, [course]) if each.exam == exam.name]
        expected = course.roles[STUDENTS].people - {lab.person for lab in labs}
        return labs + [hold.lab_of(course, exam, person) for person in expected if self.find_user(person) is None]

    def _person(
        self, lab: ExamLab, kept: ExamSitting | None, receipts: Sequence[dict[str, Any]], now: float
    ) -> dict[str, Any]:
        """What is shown of one student."""
        own = [each for each in receipts if each["person"] == lab.person]
        user = self.find_user(lab.person)
        spawner = user.spawners.get(lab.server) if user is not None else None
        idle = 0.0
        if spawner is not None and spawner.active and spawner.orm_spawner.last_activity is not None:
            idle = max(0.0, now - spawner.orm_spawner.last_activity.replace(tzinfo=UTC).timestamp())
        return {
            "name": lab.person,
            "state": _state(lab, kept, spawner, idle, now),
            "idle_seconds": idle,
            "left_seconds": max(0.0, lab.ends_at - now) if state_of(lab, now) == "on" else None,
            "ends": written(int(lab.ends_at), Courses.instance().zone),
            "receipts": own,
            "handed_in": any(not each["at_end"] for each in own),
            "left_out": kept.left_out if kept is not None else 0,
            "fault": kept.fault if kept is not None else "",
        }


STATES = ("absent", "out", "starting", "in", "idle", "ending", "sealed")


def _state(lab: ExamLab, kept: ExamSitting | None, spawner: Any, idle: float, now: float) -> str:
    """Where somebody is: one of STATES."""
    entered = kept is not None and kept.entered_at > 0
    if kept is not None and kept.sealed_at >= lab.ends_at:
        return "sealed"
    if entered and now >= lab.ends_at:
        return "ending"
    if not entered:
        return "absent"
    if spawner is None or not (spawner.active or spawner.pending):
        return "out"
    if spawner.pending:
        return "starting"
    return "idle" if idle >= IDLE_SECONDS else "in"


def _name(lab: ExamLab) -> str:
    return lab.person
