"""What is released in a course: shown on its page, and released or taken back by its teachers.

A grader lab cannot tell a teacher from an assistant; the hub can. So where a course has assistants, what they release
there waits for this page. A click is for what the page showed: another version that came since stays where it is.
"""

from __future__ import annotations

from tornado import web

from homeroom.courses import desk_client
from homeroom.courses.course import TEACHERS, Course
from homeroom.courses.given_out import GivenOut
from homeroom.courses.pages import CourseHandler
from homeroom.texts.refusal import Refusal

WHAT = ("assignment", "feedback", "back")


class ReleaseHandler(CourseHandler):
    """`/hub/homeroom/courses/NAME/release`: a teacher's click, and nobody else's."""

    @web.authenticated
    async def post(self, name: str) -> None:
        """Release what waits, or take an assignment back."""
        _, course, role = self.course(name)
        if role != TEACHERS:
            raise Refusal(403, "courses.wrong.no_teacher")
        self.require_going_on(course)
        what, assignment = self.get_body_argument("what", ""), self.get_body_argument("assignment", "")
        if what not in WHAT:
            raise web.HTTPError(400)
        by, shown = self.current_user.name, self.get_body_argument("shown", "")
        try:
            done = await desk_client.click(name, assignment, what, shown, by)
        except desk_client.Changed:
            raise Refusal(409, "courses.wrong.changed", name=assignment) from None
        except desk_client.DeskAway as error:
            self.log.error("The hand-in desk releases nothing: %s", error)
            raise Refusal(503, "courses.wrong.desk") from None
        if not done:
            await self._require_done(course, what, assignment)
        self.log.info("%s: %s of %s in %s: %d", by, what, assignment, name, done)
        self.redirect(f"{self.hub.base_url}homeroom/courses/{name}")

    async def _require_done(self, course: Course, what: str, assignment: str) -> None:
        """:raises Refusal: 404, nothing was done, nor before: there is nothing of this name."""
        answer = await desk_client.given_out(course.name)
        if answer is None:
            return
        found = GivenOut.from_json(answer)
        before = {"assignment": found.out, "feedback": frozenset(found.feedback)}.get(what, frozenset())
        listed = {each.name for each in course.assignments}
        if assignment not in before and not (what == "back" and assignment in listed):
            raise Refusal(404, "courses.wrong.nothing_there", name=assignment[:80])
