"""What a grader lab gives out by the desk, and what it collects there."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from homeroom.courses.calendar import stamped
from homeroom.courses.course import ASSIGNMENT_NAME, Assignment, Course
from homeroom.courses.desk.collected import Collected
from homeroom.courses.desk.receipt import Noted
from homeroom.courses.desk.receive import receive
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route
from homeroom.courses.desk.send import send
from homeroom.courses.desk.shelf import OUT, WAITING, Key, Shelf
from homeroom.courses.desk.store import LARGEST_BYTES, Store
from homeroom.courses.desk.told import Told
from homeroom.courses.nbgrader_names import person_of, student_id

"""As `site/courses.yaml` has it: it is part of paths and addresses."""
LARGEST_FEEDBACK_BYTES = 50 << 20

log = logging.getLogger("homeroom.desk")


class Exchange:
    """Its routes are for the labs of graders; each knows its course by the socket.

    :param clock: gives the desk's own time.
    """

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        collected: Collected,
        told: Callable[[], Told],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = store
        self.shelf = shelf
        self.collected = collected
        self._told = told
        self._clock = clock

    @property
    def routes(self) -> Sequence[Route]:
        """What a grader lab can ask for."""
        return (
            Route("GET", re.compile("/courses"), self._courses),
            Route("GET", re.compile("/released"), self._released),
            Route("PUT", re.compile("/released/([^/]+)"), self._release),
            Route("DELETE", re.compile("/released/([^/]+)"), self._take_back),
            Route("GET", re.compile("/hand-ins"), self._hand_ins),
            Route("GET", re.compile("/hand-ins/([^/]+)"), self._collect),
            Route("PUT", re.compile("/feedback/([^/]+)/([^/]+)"), self._release_feedback),
        )

    async def _courses(self, course: Course, _: web.BaseRequest) -> web.Response:
        """The one course, with the dates of its assignments."""
        work = course.work(self.shelf.released(course.name))
        values = {"name": course.name, "title": course.title, "assignments": [self._dates(each) for each in work]}
        return web.json_response({"courses": [values]})

    def _dates(self, assignment: Assignment) -> dict[str, Any]:
        zone = self._told().zone
        return {
            "name": assignment.name,
            "title": assignment.title,
            "due": None if assignment.due is None else stamped(assignment.due, zone),
        }

    async def _released(self, course: Course, _: web.BaseRequest) -> web.Response:
        """The assignments that are out, or wait for a teacher."""
        found = [
            {"course": course.name, "assignment": each.key.assignment, "notebooks": each.notebooks, "state": state}
            for state in (OUT, WAITING)
            for each in self.shelf.items(course.name, state)
        ]
        return web.json_response({"released": found})

    async def _release(self, course: Course, request: web.BaseRequest, assignment: str) -> web.Response:
        """Give an assignment out: at once, or where there are assistants once a teacher has said so."""
        self._require_name(course, assignment)
        key = Key(course.name, assignment)
        if self.shelf.item(key) and "force" not in request.query:
            raise Refused(409, f"{assignment} is released already. Add --force to put this in its place.")
        with self.store.incoming() as archive:
            await receive(request, archive, LARGEST_BYTES)
            state = self._state(course)
            await asyncio.to_thread(self.shelf.put, key, archive, state, self._clock(), LARGEST_BYTES)
        self.shelf.note_listed(course.name, {each.name for each in course.assignments})
        log.info("%s of %s is %s", assignment, course.name, state)
        return web.json_response({"state": state}, status=201)

    async def _take_back(self, course: Course, _: web.BaseRequest, assignment: str) -> web.Response:
        key = Key(course.name, assignment)
        waited = await asyncio.to_thread(self.shelf.take_back, key, WAITING)
        if self.shelf.item(key) is not None:
            if self._state(course) == WAITING:
                raise Refused(403, f"{assignment} is out already. A teacher takes it back on the course's page.")
            await asyncio.to_thread(self.shelf.take_back, key, OUT)
        elif not waited:
            raise Refused(404, f"{assignment} is not released.")
        log.info("%s of %s is taken back", assignment, course.name)
        return web.json_response({})

    async def _hand_ins(self, course: Course, _: web.BaseRequest) -> web.Response:
        """What was handed in, the first first."""
        return web.json_response({"hand_ins": [self._shown(each) for each in self.store.receipts(course=course.name)]})

    def _shown(self, receipt: Noted) -> dict[str, Any]:
        feedback = Key(receipt.course, receipt.assignment, receipt.person, receipt.code)
        return {
            **receipt.summary(),
            "student": student_id(receipt.person),
            "timestamp": stamped(receipt.at, self._told().zone),
            "notebooks": list(receipt.notebooks),
            "feedback_out": self.shelf.item(feedback) is not None,
        }

    async def _collect(self, course: Course, request: web.BaseRequest, code: str) -> web.StreamResponse:
        """The files of one hand-in."""
        receipt = self.store.receipt(code)
        if receipt is None or receipt.course != course.name:
            raise Refused(404, f"There is no hand-in {code} in {course.name}.")
        whole = await asyncio.to_thread(self.store.whole, receipt)
        sent = await send(request, self.store.files(receipt), whole.files, receipt.at)
        self.collected.note(course.name, code)
        return sent

    async def _release_feedback(
        self, course: Course, request: web.BaseRequest, assignment: str, student: str
    ) -> web.Response:
        """Give somebody the feedback for a hand-in of theirs: at once, or once a teacher has said so."""
        person = person_of(student)
        own = self.store.receipts(course=course.name, assignment=assignment, person=person) if person else []
        code = request.query.get("code", "")
        receipt = next((each for each in own if each.code == code), None) if code else (own[-1] if own else None)
        if receipt is None:
            raise Refused(404, f"{person} has handed in nothing for {assignment} that this feedback could be for.")
        key = Key(course.name, assignment, person, receipt.code)
        with self.store.incoming() as archive:
            await receive(request, archive, LARGEST_FEEDBACK_BYTES)
            state = self._state(course)
            await asyncio.to_thread(self.shelf.put, key, archive, state, self._clock(), LARGEST_FEEDBACK_BYTES)
        log.info("feedback for %s on %s of %s is %s", person, assignment, course.name, state)
        return web.json_response({"state": state, "code": receipt.code}, status=201)

    def _state(self, course: Course) -> str:
        """What becomes of what this lab gives out. The socket does not say who sits there, so it waits for a teacher
        where an assistant could."""
        return WAITING if self._told().has_assistants(course) else OUT

    def _require_name(self, course: Course, assignment: str) -> None:
        """:raises Refused: no assignment can be called so."""
        if not re.fullmatch(ASSIGNMENT_NAME, assignment):
            why = "letters, digits and . _ -, 64 at most, a letter or digit first"
            raise Refused(422, f"{assignment[:80]!a} is no name for an assignment: {why}.")
        known = [each.name for each in course.work(self.shelf.released(course.name))]
        other = next((each for each in known if each.lower() == assignment.lower() and each != assignment), None)
        if other is not None:
            raise Refused(409, f"{course.name} has an assignment {other}, whose name differs in capitals alone.")
