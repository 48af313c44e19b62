"""The page of an exam for whoever sits it: how long there is left, and the way into its lab."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

from jupyterhub.utils import new_token, url_path_join
from tornado import web
from tornado.httputil import url_concat

from homeroom.courses import desk_client, members
from homeroom.courses.calendar import written
from homeroom.courses.course import ASSISTANTS, STUDENTS, TEACHERS, Course, Exam
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import browser, hold, records, watch
from homeroom.exam_labs.exam_lab import ExamLab
from homeroom.labs.pages import LabHandler
from homeroom.texts.refusal import Refusal

INVIGILATE = (TEACHERS, ASSISTANTS)
REFRESH_SECONDS = 30


class ExamHandler(LabHandler):
    """A page of one exam."""

    def exam(self, course: str, name: str) -> tuple[Course, Exam, str]:
        """An exam, with its course and what whoever asks is in that.

        :raises HTTPError: 404, there is none, or they are not in the course.
        """
        courses = Courses.instance(config=self.settings["config"])
        known = courses.read()
        role = members.roles_of(self.current_user.orm_user, known).get(course)
        found = known[course].exam(name) if role is not None else None
        if role is None or found is None:
            raise Refusal(404, "exams.wrong.unknown")
        return known[course], found, role

    async def receipts(self, course: str, exam: str, person: str = "") -> list[dict[str, Any]]:
        """What was handed in, the first first, with its time as people read it."""
        zone = Courses.instance().zone
        found = await desk_client.receipts(course, person)
        own = [each for each in found or () if each["assignment"] == exam]
        return [{**each, "time": written(int(each["at"]), zone, seconds=True)} for each in own]


class SitHandler(ExamHandler):
    """`/hub/homeroom/exams/COURSE/EXAM`."""

    @web.authenticated
    async def get(self, course: str, exam: str) -> None:
        """Show it; who invigilates is led to the page for that."""
        taken, sat, role = self.exam(course, exam)
        if role in INVIGILATE:
            self.redirect(f"{self.request.path}/people")
            return
        if role != STUDENTS:
            raise Refusal(404, "exams.wrong.unknown")
        lab, now = hold.lab_of(taken, sat, self.current_user.name), time.time()
        found = records.of_exam(self.db, course, exam).get(lab.person)
        receipts = await self.receipts(course, exam, lab.person)
        zone = Courses.instance().zone
        self.set_header("Cache-Control", "no-store")
        ahead = lab.begins_at - now
        self.set_header("Refresh", str(int(ahead) + 1 if 0 < ahead < REFRESH_SECONDS else REFRESH_SECONDS))
        values = {
            "course": taken,
            "exam": sat,
            "state": state_of(lab, now),
            "entered": found is not None and found.entered_at > 0,
            "sealed": found is not None and found.sealed_at >= lab.ends_at,
            "begins": written(int(lab.begins_at), zone),
            "ends": written(int(lab.ends_at), zone),
            "left_seconds": max(0.0, (lab.begins_at if now < lab.begins_at else lab.ends_at) - now),
            "receipts": receipts,
            "needs_browser": bool(lab.browser_keys),
            "zone": zone.key,
        }
        self.finish(await self.render_template("exam.html", **values))

    @web.authenticated
    async def post(self, course: str, exam: str) -> None:
        """Enter it: every other session of this person ends, and their lab starts where it does not run yet."""
        taken, sat, role = self.exam(course, exam)
        if role != STUDENTS:
            raise Refusal(404, "exams.wrong.unknown")
        user, now = self.current_user, time.time()
        lab = hold.lab_of(taken, sat, user.name)
        if not lab.is_on(now):
            raise Refusal(409, f"exams.wrong.{state_of(lab, now)}")
        if lab.browser_keys:
            browser.require(self, lab.browser_keys)
        watch.take_up(self.settings["config"], self.db)
        kept = records.sitting(self.db, course, exam, user.name)
        kept.entered_at, kept.ends_at = kept.entered_at or int(now), int(lab.ends_at)
        hold.end_sessions(self.db, user, new_token())
        self.db.commit()
        self.set_login_cookie(user)
        if lab.browser_keys:
            browser.keep(self, lab)
        await self._enter(user, lab)

    async def _enter(self, user: Any, lab: ExamLab) -> None:
        spawner = user.get_or_create_spawner(lab.server, lab.server, replace_failed=True)
        inside = url_path_join(user.server_url(lab.server), "lab/tree", quote(lab.exam))
        pending_url = url_concat(self._get_pending_url(user, lab.server), {"next": inside})
        if spawner.ready:
            await self.proxy.add_user(user, lab.server)
            self.redirect(inside)
        elif spawner.pending:
            self.redirect(pending_url)
        else:
            await self._wrap_spawn_single_user(user, lab.server, lab.server, spawner, pending_url)


def state_of(lab: ExamLab, now: float) -> str:
    """`before`, `on` or `over`."""
    if lab.is_on(now):
        return "on"
    return "before" if now < lab.begins_at else "over"
