"""Checks: students have their own work run as it will be when it is graded, with the tests that they see.

So many times a day, by the desk's own clock. How often is kept beside what was handed in; nothing else of it is.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from homeroom.courses.desk import sealed
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route
from homeroom.courses.desk.runs import Runs
from homeroom.courses.desk.told import Told, require_open

FILE = "checks.json"

log = logging.getLogger("homeroom.desk")


class Used:
    """How often each person has checked each assignment on the last day that somebody did; it outlives the desk.

    :param root: the desk's volume.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.day = ""
        self._count: Counter[tuple[str, str, str]] = Counter()
        self._writing = threading.Lock()

    def open(self) -> None:
        """Read what is kept. What cannot be read is told, and counts for nothing."""
        try:
            found = json.loads((self._root / FILE).read_text(encoding="utf-8"))
            self.day = str(found["day"])
            self._count = Counter({(person, course, name): int(count) for person, course, name, count in found["used"]})
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.error("How often people have checked their work today cannot be read, and counts anew: %r", error)

    def of(self, day: str, person: str, course: str, assignment: str) -> int:
        """How often somebody did on a day."""
        return self._count[person, course, assignment] if day == self.day else 0

    def of_person(self, person: str) -> list[dict[str, Any]]:
        """What is kept of somebody."""
        return [
            {"day": self.day, "course": course, "assignment": name, "checks": count}
            for (whose, course, name), count in sorted(self._count.items())
            if whose == person and count
        ]

    def add(self, day: str, person: str, course: str, assignment: str, count: int = 1) -> None:
        """Count one more, or one less, and keep it. A full disk keeps nobody from checking."""
        with self._writing:
            if day != self.day:
                self.day, self._count = day, Counter()
            self._count[person, course, assignment] += count
            try:
                self._write()
            except OSError as error:
                log.error("How often people have checked their work is not kept: %r", error)

    def forget(self, person: str) -> None:
        """Remove what is kept of somebody. :raises OSError: it is not removed."""
        with self._writing:
            for key in [key for key in self._count if key[0] == person]:
                del self._count[key]
            self._write()

    def _write(self) -> None:
        used = [[*key, count] for key, count in sorted(self._count.items()) if count > 0]
        fresh = self._root / f".{FILE}"
        fresh.unlink(missing_ok=True)  # of a desk that was killed
        sealed.write_whole(fresh, json.dumps({"day": self.day, "used": used}))
        fresh.replace(self._root / FILE)


class Checks:
    """Has students' work run, where the assignment allows it.

    :param told: gives what the hub has told last.
    """

    def __init__(
        self, runs: Runs, used: Used, told: Callable[[], Told], clock: Callable[[], float] = time.time
    ) -> None:
        self._runs = runs
        self._used = used
        self._told = told
        self._clock = clock
        self._busy: set[str] = set()
        self.routes = (
            Route("GET", re.compile("/checks"), self._left),
            Route("POST", re.compile("/checks/([^/]+)/([^/]+)"), self._check),
        )

    def _today(self) -> str:
        return str(datetime.fromtimestamp(self._clock(), self._told().zone).date())

    async def _left(self, person: str, _: web.BaseRequest) -> web.Response:
        """What somebody can check now, and how often today still."""
        now, today = self._clock(), self._today()
        found = [
            {
                "course": course.name,
                "assignment": work.name,
                "most": work.checks,
                "left": max(0, work.checks - self._used.of(today, person, course.name, work.name)),
            }
            for course in self._told().taken_by(person)
            for work in course.assignments
            if work.checks and work.times_of(person).state(now) not in ("before", "closed")
        ]
        return web.json_response({"checks": found})

    async def _check(self, person: str, request: web.BaseRequest, course: str, assignment: str) -> web.StreamResponse:
        told, now = self._told(), self._clock()
        taken, work = told.work(course, assignment, person, released=())
        require_open(work, person, now)
        if not work.checks:
            raise Refused(403, f"{work.name} cannot be checked before it is handed in.")
        today, key = self._today(), (person, taken.name, work.name)
        if self._used.of(today, *key) >= work.checks:
            times = "once" if work.checks == 1 else f"{work.checks} times"
            raise Refused(429, f"You have checked {work.name} {times} today. Tomorrow you can again.")
        if person in self._busy:
            raise Refused(409, "Another check of yours is going on. Try again when it is done.")
        self._busy.add(person)
        try:
            await asyncio.to_thread(self._used.add, today, *key)
            return await self._runs.answer(taken.name, taken.profile, request, check=True)
        except Refused:
            if self._used.day == today:  # it was not run
                await asyncio.to_thread(self._used.add, today, *key, -1)
            raise
        finally:
            self._busy.discard(person)
