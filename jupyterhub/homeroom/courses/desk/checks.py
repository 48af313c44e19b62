"""Checks: students have their own work run as it will be when it is graded, with the tests that they see.

So many times a day, by the desk's own clock. Nothing else is kept of it; a desk that is restarted counts anew.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

from aiohttp import web

from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route
from homeroom.courses.desk.runs import Runs
from homeroom.courses.desk.told import Told, require_open


class Checks:
    """Has students' work run, where the assignment allows it.

    :param told: gives what the hub has told last.
    """

    def __init__(self, runs: Runs, told: Callable[[], Told], clock: Callable[[], float] = time.time) -> None:
        self._runs = runs
        self._told = told
        self._clock = clock
        self._day = date.min
        self._used: Counter[tuple[str, str, str]] = Counter()
        self._busy: set[str] = set()
        self.routes = (Route("POST", re.compile("/checks/([^/]+)/([^/]+)"), self._check),)

    async def _check(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> web.StreamResponse:
        told, now = self._told(), self._clock()
        taken, work = told.work(course, assignment, person, released=())
        require_open(work, person, now)
        if not work.checks:
            raise Refused(403, f"{work.name} cannot be checked before it is handed in.")
        today = datetime.fromtimestamp(now, told.zone).date()
        if today != self._day:
            self._day, self._used = today, Counter()
        key = (person, taken.name, work.name)
        if self._used[key] >= work.checks:
            raise Refused(429, f"You have checked {work.name} {work.checks} times today. Tomorrow you can again.")
        if person in self._busy:
            raise Refused(409, "Another check of yours is going on. Try again when it is done.")
        self._busy.add(person)
        self._used[key] += 1
        try:
            return await self._runs.answer(f"{taken.name} checks", taken.profile, request)
        except Refused:
            self._used[key] -= 1  # it was not run
            raise
        finally:
            self._busy.discard(person)
