"""`/hub/homeroom/announcements`: what is announced, for administrators to everybody and for teachers to their course;
and what a lab asks for."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.orm import Group
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import url_path_join
from tornado import web

from homeroom.announcements import records
from homeroom.announcements.readers import authors, of_user
from homeroom.announcements.records import COURSE, EVERYBODY, GROUP, LONGEST_TEXT, Announcement
from homeroom.courses import members
from homeroom.courses.calendar import written
from homeroom.courses.course import PREFIX, TEACHERS
from homeroom.courses.courses_file import Courses
from homeroom.exam_labs import exam_lab
from homeroom.hub import lab_stamp
from homeroom.records.events import note_of
from homeroom.texts.refusal import Refusal

HOURS = (1, 4, 24, 72, 168, 720)
DEFAULT_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Whom somebody may tell something.

    :param title: what a course is called; else empty.
    """

    audience: str
    name: str = ""
    title: str = ""

    @property
    def key(self) -> str:
        """As the form sends it."""
        return f"{self.audience}:{self.name}"


def audiences_of(handler: Any) -> list[Audience]:
    """Whom the person of a request may tell something: administrators all, teachers the courses that they teach."""
    courses = Courses.instance(config=handler.settings["config"]).read()
    user = handler.current_user
    if user.admin:
        taught = set(courses)
        groups = {*user.spawner.groups, *(name for (name,) in handler.db.query(Group.name))}
        named = sorted(name for name in groups if not name.startswith(PREFIX))
        found = [Audience(audience=EVERYBODY), *(Audience(audience=GROUP, name=name) for name in named)]
    else:
        taught = {name for name, role in members.roles_of(user.orm_user, courses).items() if role == TEACHERS}
        found = []
    return found + [Audience(audience=COURSE, name=name, title=courses[name].title) for name in sorted(taught)]


class AnnouncementsHandler(BaseHandler):
    """The page."""

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        await self._show()

    @web.authenticated
    async def post(self) -> None:
        """Make an announcement, or end one."""
        allowed = {each.key: each for each in self._allowed()}
        if ended := self.get_body_argument("end", ""):
            self._end(ended, allowed)
        else:
            text = records.plain(self.get_body_argument("text", ""))
            audience = allowed.get(self.get_body_argument("audience", ""))
            hours = self.get_body_argument("hours", str(DEFAULT_HOURS))
            if audience is None or not text or len(text) > LONGEST_TEXT or hours not in map(str, HOURS):
                key = "audience" if audience is None else "text"
                await self._show(text=text, wrong=f"announcements.wrong.{key}")
                return
            if not self._add(text, audience, int(hours) * 3600):
                await self._show(text=text, wrong="announcements.wrong.many")
                return
        self.redirect(url_path_join(self.hub.base_url, "homeroom/announcements"))

    def _allowed(self) -> list[Audience]:
        """:raises HTTPError: 403, this person may tell nobody anything."""
        found = audiences_of(self)
        if not found:
            raise Refusal(403, "announcements.wrong.nobody")
        return found

    def _add(self, text: str, audience: Audience, seconds: int) -> bool:
        name = self.current_user.name
        made = records.add(self.db, text, audience.audience, audience.name, name, seconds)
        if made is not None:
            note_of(self, "announce", "", why=f"{audience.audience} {audience.name}".strip())
        self.db.commit()
        self._tell_labs()
        return made is not None

    def _end(self, number: str, allowed: dict[str, Audience]) -> None:
        found = self.db.get(Announcement, int(number)) if number.isascii() and number.isdigit() else None
        if found is not None and f"{found.audience}:{found.name}" in allowed:
            self.db.delete(found)
            self.db.commit()
            self._tell_labs()

    def _tell_labs(self) -> None:
        try:
            lab_stamp.touch()
        except OSError as error:
            self.log.warning("Running labs are not told of announcements: %s", error)

    async def _show(self, *, text: str = "", wrong: str = "") -> None:
        allowed = self._allowed()
        keys = {each.key for each in allowed}
        zone = Courses.instance(config=self.settings["config"]).zone
        current = [each for each in records.current(self.db) if f"{each.audience}:{each.name}" in keys]
        of = authors(self.db, current)
        shown = [{"it": each, "until": written(each.ends, zone), "author": of.get(each.author, "")} for each in current]
        values = {"audiences": allowed, "shown": shown, "hours": HOURS, "default_hours": DEFAULT_HOURS}
        self.set_status(400 if wrong else 200)
        self.set_header("Cache-Control", "no-store")
        page = await self.render_template(
            "announcements.html", **values, given=text, wrong=wrong, longest=LONGEST_TEXT, xsrf=self.xsrf_token.decode()
        )
        self.finish(page)


class LabHandler(APIHandler):
    """GET `/hub/api/homeroom/announcements/NAME`: what a lab shows its user, and the exam that stops it soon."""

    @needs_scope("users:activity")
    def get(self, user_name: str) -> None:
        """Answer."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        found = of_user(self.db, user)
        of = authors(self.db, found)
        told = [
            {"id": each.id, "text": each.text, "author": of.get(each.author, ""), "ends": each.ends} for each in found
        ]
        soon = exam_lab.soon(user.name, time.time())
        exam = {"title": soon.title, "begins_at": soon.begins_at} if soon is not None else None
        self.finish({"announcements": told, "exam": exam})
