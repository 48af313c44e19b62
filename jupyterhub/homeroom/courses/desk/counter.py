"""What the desk does for one lab, whose socket says who asks."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from homeroom.courses.calendar import stamped, written
from homeroom.courses.course import Assignment, Course
from homeroom.courses.desk.receipt import Noted
from homeroom.courses.desk.receive import receive
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route, Routes
from homeroom.courses.desk.send import send
from homeroom.courses.desk.shelf import Item, Key, Shelf
from homeroom.courses.desk.store import FILES, LARGEST_BYTES, Store
from homeroom.courses.desk.told import Told, require_open
from homeroom.courses.nbgrader_names import student_id

AT_ONCE = 8
"""Hand-ins that are sealed at a time; the others wait, and none is refused for it. Each comes in meanwhile, and counts
from when it had come: who sends slowly keeps nobody waiting."""
HAND_IN = re.compile(r"/hand-ins/([^/]+)/([^/]+)")

log = logging.getLogger("homeroom.desk")


class Counter:
    """Answers the labs.

    :param told: gives what the hub has told last.
    :param clock: the desk's own: nothing that a lab says counts for a time.
    """

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        told: Callable[[], Told],
        clock: Callable[[], float] = time.time,
        more: Iterable[Route] = (),
    ) -> None:
        self.store = store
        self.shelf = shelf
        self._told = told
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._busy: set[str] = set()
        routes = (
            Route("POST", HAND_IN, self._hand_in),
            Route("GET", re.compile("/hand-ins"), self._hand_ins),
            Route("GET", re.compile("/courses"), self._courses),
            Route("GET", re.compile("/released"), self._released),
            Route("GET", re.compile("/released/([^/]+)/([^/]+)"), self._fetch),
            Route("GET", re.compile("/feedback/([^/]+)"), self._feedback),
            *more,
        )
        self._routes = Routes(routes, "The desk takes hand-ins, gives out assignments and feedback, and nothing else.")

    async def answer(self, person: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of a person's lab."""
        return await self._routes.answer(person, person, request)

    async def _hand_in(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> web.Response:
        return web.json_response(await self._alone(person, request, course, assignment), status=201)

    async def _hand_ins(self, person: str, _: web.BaseRequest) -> web.Response:
        receipts = self.store.receipts(person=person)
        return web.json_response({"hand_ins": [self._own(each) for each in receipts]})

    def _own(self, receipt: Noted) -> dict[str, Any]:
        """A receipt as its person's lab lists it: with the notebooks that were handed in, and the feedback that there
        is for it."""
        found = self._feedback_for(receipt)
        return {
            **self.shown(receipt),
            "feedback": {file.path: file.sha256 for file in found.files} if found else {},
        }

    def shown(self, receipt: Noted) -> dict[str, Any]:
        """A receipt as a lab lists it, without any feedback."""
        return {
            **self._shown(receipt.summary()),
            "student": student_id(receipt.person),
            "timestamp": stamped(receipt.at, self._told().zone),
            "notebooks": list(receipt.notebooks),
            "feedback": {},
        }

    def _feedback_for(self, receipt: Noted) -> Item | None:
        return self.shelf.item(Key(receipt.course, receipt.assignment, receipt.person, receipt.code))

    async def _released(self, person: str, _: web.BaseRequest) -> web.Response:
        """The assignments that somebody can fetch."""
        found = [
            {"course": course.name, "assignment": each.key.assignment, "notebooks": each.notebooks}
            for course in self._told().taken_by(person)
            for each in self.shelf.items(course.name)
            if self._is_open(course, each.key.assignment, person)
        ]
        return web.json_response({"released": found})

    def _is_open(self, course: Course, assignment: str, person: str) -> bool:
        named = course.assignment(assignment)
        if named is None:
            return not self.shelf.was_listed(Key(course.name, assignment))
        return named.times_of(person).state(self._clock()) != "before"

    async def _fetch(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> web.StreamResponse:
        taken = self._told().takes(person, course)
        item = self.shelf.item(Key(course, assignment))
        if item is None or not self._is_open(taken, assignment, person):
            raise Refused(404, f"{course} has no assignment {assignment} that can be fetched now.")
        return await send(request, item.folder / FILES, item.files, item.at)

    async def _feedback(self, person: str, request: web.BaseRequest, code: str) -> web.StreamResponse:
        """The feedback for a hand-in of one's own; of another's receipt one is told what one is told of none."""
        receipt = self.store.receipt(code)
        own = receipt if receipt is not None and receipt.person == person else None
        item = self._feedback_for(own) if own else None
        if own is None or item is None:
            raise Refused(404, "There is no such feedback.")
        self._told().takes(person, own.course)
        return await send(request, item.folder / FILES, item.files, item.at)

    async def _courses(self, person: str, _: web.BaseRequest) -> web.Response:
        return web.json_response({"courses": self._courses_of(person)})

    async def _alone(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> dict[str, Any]:
        """One hand-in of a person at a time: so nobody fills the disk with what has come in half."""
        if person in self._busy:
            raise Refused(409, "Another hand-in of yours is just being taken. Try again when it is done.")
        self._busy.add(person)
        try:
            return await self._take(person, request, course, assignment)
        finally:
            self._busy.discard(person)

    async def _take(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> dict[str, Any]:
        taken, work = self._work(person, course, assignment)
        require_open(work, person, self._clock())
        self.store.require_room(taken, work, person)
        with self.store.incoming() as archive:
            await receive(request, archive, LARGEST_BYTES)
            at = self._clock()
            taken, work = self._work(person, course, assignment)  # who is out meanwhile is out
            require_open(work, person, at)
            async with self._turns:
                receipt = await asyncio.to_thread(self.store.seal, archive, taken, work, person, at)
        log.info("%s handed in %s of %s: %s", person, work.name, taken.name, receipt.code)
        return self._shown(receipt.summary())

    def _work(self, person: str, course: str, assignment: str) -> tuple[Course, Assignment]:
        return self._told().work(course, assignment, person, self.shelf.unlisted(course))

    def _shown(self, receipt: dict[str, Any]) -> dict[str, Any]:
        """A receipt with its time as people read it."""
        zone = self._told().zone
        return {**receipt, "time": f"{written(int(receipt['at']), zone, seconds=True)} {zone.key}"}

    def _courses_of(self, person: str) -> list[dict[str, Any]]:
        """What somebody has to hand in, with their own times."""
        now = self._clock()
        return [
            {
                "name": course.name,
                "title": course.title,
                "assignments": [
                    {"name": each.name, "title": each.title, "state": each.times_of(person).state(now)}
                    for each in course.work(self.shelf.unlisted(course.name))
                ],
            }
            for course in self._told().taken_by(person)
        ]
