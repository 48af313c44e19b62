"""What the desk does for one lab, whose socket says who asks."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from homeroom.courses.calendar import written
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route, Routes
from homeroom.courses.desk.store import LARGEST_BYTES, Store
from homeroom.courses.desk.told import Told, require_open

UPLOAD_SECONDS = 120.0
AT_ONCE = 8
"""Hand-ins that are taken in at a time; the others wait, and none is refused for it."""
HAND_IN = re.compile(r"/hand-ins/([^/]+)/([^/]+)")

log = logging.getLogger("homeroom.desk")


class Counter:
    """Answers the labs.

    :param told: gives what the hub has told last.
    :param clock: the desk's own: nothing that a lab says counts for a time.
    """

    def __init__(self, store: Store, told: Callable[[], Told], clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._told = told
        self._clock = clock
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._busy: set[str] = set()
        routes = (
            Route("POST", HAND_IN, self._hand_in),
            Route("GET", re.compile("/hand-ins"), self._hand_ins),
            Route("GET", re.compile("/courses"), self._courses),
        )
        self._routes = Routes(routes, "The desk takes hand-ins, and nothing else.")

    async def answer(self, person: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of a person's lab."""
        return await self._routes.answer(person, person, request)

    async def _hand_in(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> web.Response:
        return web.json_response(await self._alone(person, request, course, assignment), status=201)

    async def _hand_ins(self, person: str, _: web.BaseRequest) -> web.Response:
        receipts = self.store.receipts(person=person)
        return web.json_response({"hand_ins": [self._shown(each.summary()) for each in receipts]})

    async def _courses(self, person: str, _: web.BaseRequest) -> web.Response:
        return web.json_response({"courses": self._courses_of(person)})

    async def _alone(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> dict[str, Any]:
        """One hand-in of a person at a time: so nobody keeps all turns from the others."""
        if person in self._busy:
            raise Refused(409, "Another hand-in of yours is just being taken. Try again when it is done.")
        self._busy.add(person)
        try:
            async with self._turns:
                return await self._take(person, request, course, assignment)
        finally:
            self._busy.discard(person)

    async def _take(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> dict[str, Any]:
        taken, work = self._told().work(course, assignment, person)
        require_open(work, person, self._clock())
        self.store.require_room(taken, work, person)
        with self.store.incoming() as archive:
            try:
                async with asyncio.timeout(UPLOAD_SECONDS):
                    await _receive(request, archive)
            except TimeoutError:
                raise Refused(408, f"It did not come within {UPLOAD_SECONDS:.0f} seconds.") from None
            at = self._clock()
            taken, work = self._told().work(course, assignment, person)  # who is out meanwhile is out
            require_open(work, person, at)
            receipt = await asyncio.to_thread(self.store.seal, archive, taken, work, person, at)
        log.info("%s handed in %s of %s: %s", person, work.name, taken.name, receipt.code)
        return self._shown(receipt.summary())

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
                    for each in course.assignments
                ],
            }
            for course in self._told().taken_by(person)
        ]


async def _receive(request: web.BaseRequest, archive: Path) -> None:
    """Write down what comes. :raises Refused: it is too much; no more of it is read."""
    too_much = Refused(413, f"It is larger than {LARGEST_BYTES >> 20} MiB.")
    if (request.content_length or 0) > LARGEST_BYTES:
        raise too_much
    size_bytes = 0
    with archive.open("xb") as file:
        async for piece in request.content.iter_chunked(1 << 16):
            size_bytes += len(piece)
            if size_bytes > LARGEST_BYTES:
                raise too_much
            file.write(piece)
