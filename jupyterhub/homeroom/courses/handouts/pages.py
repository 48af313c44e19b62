"""`/hub/homeroom/courses/NAME/handouts`: where a course's teachers hand out, without a script and without a restart."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from tornado import web

from homeroom.courses import coming, desk_client, handed_out
from homeroom.courses.calendar import written
from homeroom.courses.course import TEACHERS, Course
from homeroom.courses.courses_file import Courses
from homeroom.courses.handouts import form
from homeroom.courses.handouts.bring import bring
from homeroom.courses.made.fault import Fault
from homeroom.courses.made.pages import CHANGED, by_field
from homeroom.courses.pages import CourseHandler
from homeroom.records.events import note_of
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

NEW, AGAIN, CHANGE, BACK = ACTIONS = ("new", "again", "change", "back")
Kept = Mapping[str, Any]


class HandoutsHandler(CourseHandler):
    """For teachers of the course alone."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Show them."""
        courses, course = self._taught(name)
        said = self.get_argument("said", "")
        await self._show(courses, course, said=said if said in ACTIONS else "")

    @web.authenticated
    async def post(self, name: str) -> None:
        """Hand something out, change it or take it back; or say what is wrong with what was typed."""
        courses, course = self._taught(name)
        self.require_going_on(course)
        given = {field: self.get_body_argument(field, "", strip=False) for field in self.request.body_arguments}
        do, target = given.get("do", ""), given.get("target", "")
        if do not in ACTIONS:
            raise web.HTTPError(400)
        try:
            faults = await self._do(courses, course, do, target, given)
        except desk_client.DeskAway as error:
            self.log.error("The hand-in desk keeps no handout: %s", error)
            raise Refusal(503, "courses.wrong.desk") from None
        if faults:
            await self._show(courses, course, do=do, target=target, given=given, faults=faults, status=400)
            return
        self.redirect(f"{self.hub.base_url}homeroom/courses/{name}/handouts?said={do}", status=303)

    def _taught(self, name: str) -> tuple[Courses, Course]:
        """:raises HTTPError: 404, they are not in such a course; 403, they do not teach it."""
        courses, course, role = self.course(name)
        if role != TEACHERS:
            raise Refusal(403, "course_handouts.wrong.no_teacher")
        return courses, course

    async def _do(
        self, courses: Courses, course: Course, do: str, target: str, given: Mapping[str, str]
    ) -> list[Fault]:
        """:raises DeskAway: nothing is changed."""
        on_the_way = coming.of_course(course.name)
        known = {each["name"]: each for each in await desk_client.handouts(course.name)}
        of_file = handed_out.folders_of_file(self, course.name)
        if do == NEW:
            typed = form.new(course.name, given, courses.zone, known=known | on_the_way, of_file=of_file)
            if typed.faults:
                return typed.faults
            return await self._bring(courses, course, typed, f"handout {typed.name} added")
        one = known.get(target)
        if one is None:
            return [Fault("", say("course_handouts.wrong.gone", name=target[:80]))]
        if target in on_the_way:  # what is changed now would be as before once it is there
            return [Fault("", say("course_handouts.wrong.coming", name=target))]
        if do == BACK:
            await desk_client.take_handout_back(course.name, target)
            self._note(course, f"handout {target} taken back")
            return []
        if do == AGAIN:
            same = form.Typed(name=target, source=dict(one["source"]), to=one["to"], visible_at=one["visible_at"])
            return await self._bring(courses, course, same, f"handout {target} brought again")
        typed = form.changed(target, given, courses.zone, known=on_the_way | known, of_file=of_file)
        if not typed.faults:
            await desk_client.change_handout(course.name, target, to=typed.to, visible_at=typed.visible_at)
            when = written(typed.visible_at, courses.zone) or "at once"
            self._note(course, f"handout {target} into {typed.to}, {when}")
        return typed.faults

    async def _bring(self, courses: Courses, course: Course, typed: form.Typed, done: str) -> list[Fault]:
        handout = {
            "course": course.name,
            "name": typed.name,
            "to": typed.to,
            "visible_at": typed.visible_at,
            "source": typed.source,
            "most_bytes": courses.largest_handout_bytes,
        }
        said = await bring(self.settings["app"], handout)
        if said:
            values = {"name": said["name"], **dict.fromkeys(("folder", "branch", "inner"), ""), **typed.source}
            values.pop("url", None)
            field = "url" if "url" in typed.source else "folder"
            most = courses.largest_handout_bytes >> 20
            return [Fault(field, say(f"course_handouts.fault.{said['fault']}", most=most, **values))]
        self._note(course, done)
        return []

    def _note(self, course: Course, what: str) -> None:
        """Keep who did what. Commits."""
        note_of(self, CHANGED, why=f"course {course.name}: {what}")
        self.db.commit()
        self.log.info("%s, course %s: %s", self.current_user.name, course.name, what)

    async def _show(
        self,
        courses: Courses,
        course: Course,
        *,
        do: str = "",
        target: str = "",
        given: Mapping[str, str] | None = None,
        faults: Iterable[Fault] = (),
        said: str = "",
        status: int = 200,
    ) -> None:
        """:param given: what was typed into the form of `do`, which is shown again."""
        given, zone = given or {}, courses.zone
        try:
            known = await desk_client.handouts(course.name) if desk_client.is_there() else None
        except desk_client.DeskAway:
            known = None
        rows = [self._row(each, courses) for each in known or ()]
        for row in rows:
            if do == CHANGE and row["name"] == target:
                row["fields"] = {field: given.get(field, "") for field in row["fields"]}
            row["open"] = bool(do) and row["name"] == target
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        page = await self.render_template(
            "course-handouts-made.html",
            xsrf=self.xsrf_token.decode(),
            course=course,
            archived=course.is_archived(time.time()),
            desk=known is not None,
            rows=rows,
            new={field: given.get(field, "") if do == NEW else "" for field in form.FIELDS},
            do=do,
            target=target,
            wrong=by_field(faults),
            said=said,
            zone=zone.key,
            most=courses.largest_handout_bytes >> 20,
        )
        self.finish(page)

    def _row(self, one: Kept, courses: Courses) -> dict[str, Any]:
        return {
            "name": one["name"],
            "to": one["to"],
            "source": one["source"],
            "when": written(one["visible_at"], courses.zone),
            "at": written(int(one["at"]), courses.zone, seconds=True),
            "files": one["files"],
            "size_bytes": one["size_bytes"],
            "fields": form.typed(one, courses.zone),
        }
