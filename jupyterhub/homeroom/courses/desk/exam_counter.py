"""What the desk does for a lab in which an exam is sat, and for the home of one that is over.

Who sits an exam finds that exam here, and nothing of before: no assignment, hand-in or feedback of another. What the
course's grader lab has released by the exam's name is what it begins with.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from homeroom.courses.desk.counter import Counter
from homeroom.courses.desk.receive import receive
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route, Routes
from homeroom.courses.desk.send import send
from homeroom.courses.desk.shelf import Key
from homeroom.courses.desk.store import FILES, LARGEST_BYTES, Store
from homeroom.courses.desk.told import Sitting, Told

log = logging.getLogger("homeroom.desk")


class ExamCounter:
    """Answers the labs of exams.

    :param counter: takes hand-ins, as of any lab.
    :param told: gives what the hub has told last.
    :param clock: the desk's own.
    :param more: what else the lab of an exam may ask for.
    """

    def __init__(
        self,
        store: Store,
        counter: Counter,
        told: Callable[[], Told],
        clock: Callable[[], float] = time.time,
        more: Iterable[Route] = (),
    ) -> None:
        self.store = store
        self._counter = counter
        self._told = told
        self._clock = clock
        otherwise = "The desk takes what this exam asks for, and gives out nothing in it."
        self._routes = Routes(
            (
                Route("POST", re.compile(r"/hand-ins/([^/]+)/([^/]+)"), self._hand_in),
                Route("GET", re.compile("/hand-ins"), self._hand_ins),
                Route("GET", re.compile("/courses"), self._courses),
                Route("GET", re.compile("/exam"), self._exam),
                Route("GET", re.compile("/start-files"), self._start_files),
                *more,
            ),
            otherwise,
        )
        self._ending = Routes((Route("POST", re.compile("/seal"), self._seal),), otherwise)

    async def answer(self, visitor: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of the lab of an exam."""
        sitting = Sitting.from_text(visitor)
        return await self._routes.answer(sitting, sitting.person, request)

    async def answer_ending(self, visitor: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer what hands in the home of an exam that is over."""
        sitting = Sitting.from_text(visitor)
        return await self._ending.answer(sitting, sitting.person, request)

    async def _hand_in(
        self, sitting: Sitting, request: web.BaseRequest, course: str, assignment: str
    ) -> web.StreamResponse:
        if (course, assignment) != (sitting.course, sitting.exam):
            raise Refused(403, f"In this exam only {sitting.exam} of {sitting.course} is handed in.")
        return await self._counter.answer(sitting.person, request)

    async def _hand_ins(self, sitting: Sitting, _: web.BaseRequest) -> web.Response:
        own = self.store.receipts(course=sitting.course, assignment=sitting.exam, person=sitting.person)
        return web.json_response({"hand_ins": [self._counter.shown(each) for each in own]})

    async def _courses(self, sitting: Sitting, _: web.BaseRequest) -> web.Response:
        taken, exam = self._told().work(sitting.course, sitting.exam, sitting.person, ())
        state = exam.times_of(sitting.person).state(self._clock())
        work: dict[str, Any] = {"name": exam.name, "title": exam.title, "state": state}
        return web.json_response({"courses": [{"name": taken.name, "title": taken.title, "assignments": [work]}]})

    async def _exam(self, sitting: Sitting, _: web.BaseRequest) -> web.Response:
        """How long there is left, in seconds: what the page in the lab shows."""
        _taken, exam = self._told().work(sitting.course, sitting.exam, sitting.person, ())
        closes = exam.times_of(sitting.person).closes or 0
        return web.json_response({"title": exam.title, "left_seconds": max(0.0, closes - self._clock())})

    async def _start_files(self, sitting: Sitting, request: web.BaseRequest) -> web.StreamResponse:
        """What it begins with; 204: nothing is released, nothing newer, or it begins with a folder of the operator's. A
        lab that waits for the beginning asks before it; once the exam goes on, a lab that has some gets no others."""
        taken, _exam = self._told().work(sitting.course, sitting.exam, sitting.person, ())
        exam, item = taken.exam(sitting.exam), self._counter.shelf.item(Key(sitting.course, sitting.exam))
        if item is None or exam is None or exam.start_files:
            return web.Response(status=204)
        version, seen = str(item.at), request.query.get("seen", "")
        if seen and (seen == version or self._clock() >= exam.opens):
            return web.Response(status=204)
        return await send(request, item.folder / FILES, item.files, item.at, version)

    async def _seal(self, sitting: Sitting, request: web.BaseRequest) -> web.Response:
        """Keep what lay in the home, whenever that comes: nobody worked in it after the end."""
        with self.store.incoming() as archive:
            await receive(request, archive, LARGEST_BYTES)
            receipt = await asyncio.to_thread(
                self.store.seal_at_end,
                archive,
                (sitting.course, sitting.exam, sitting.person),
                self._clock(),
                ends_at=sitting.ends_at,
            )
        log.info("%s of %s ended for %s: %s", sitting.exam, sitting.course, sitting.person, receipt.code)
        return web.json_response(receipt.summary(), status=201)
