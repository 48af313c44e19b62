"""What the desk does for the hub, on a socket that no lab sees."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from homeroom.courses.desk.checks import Used
from homeroom.courses.desk.collected import Collected
from homeroom.courses.desk.grades import Grades
from homeroom.courses.desk.handouts import Handouts, HandoutShelf
from homeroom.courses.desk.kept import Kept
from homeroom.courses.desk.receipt import Noted
from homeroom.courses.desk.shelf import CLICKS, STATES, Changed, Item, Shelf
from homeroom.courses.desk.statistics import of_courses
from homeroom.courses.desk.store import Store
from homeroom.courses.desk.told import Told

PEOPLE = "/people/"

log = logging.getLogger("homeroom.desk")


class BackRoom:
    """Answers the hub.

    :param told: what it has told last.
    :param take: takes what it tells now.
    """

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        grades: Grades,
        collected: Collected,
        checks: Used,
        handouts: Handouts,
        told: Callable[[], Told],
        take: Callable[[Told], None],
    ) -> None:
        self.store = store
        self.shelf = shelf
        self.grades = grades
        self.collected = collected
        self.kept = Kept(store, shelf, grades, collected, handouts)
        self.handouts = HandoutShelf(handouts, told)
        self.checks = checks
        self._told = told
        self._take = take

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""
        route = (request.method, request.path)
        if route == ("GET", "/told"):
            return web.json_response({"digest": self._told().digest})
        if route == ("PUT", "/told"):
            return await self._put(request)
        if route == ("GET", "/receipts"):
            names = {key: request.query.get(key, "") for key in ("course", "person")}
            found = self.store.receipts(**names)
            return web.json_response({"receipts": [self._receipt(each) for each in found]})
        if route == ("GET", "/statistics"):
            counted = await asyncio.to_thread(of_courses, self._told(), self.store, self.shelf, self.grades)
            return web.json_response({"courses": counted})
        if route == ("GET", "/grades"):
            return web.json_response({"grades": await self._grades(request.query.get("course", ""))})
        if route == ("GET", "/released"):
            return web.json_response(self._given_out(request.query.get("course", "")))
        if route == ("POST", "/released"):
            return await self._click(request.query)
        if request.path == "/handouts" and request.method in ("GET", "PUT", "DELETE", "POST"):
            return await self.handouts.answer(request)
        if request.path == "/kept":
            return await self._kept(request.method, request.query)
        if request.path.startswith(PEOPLE):
            return await self._person(request.method, unquote(request.raw_path.removeprefix(PEOPLE)))
        return web.json_response({"error": "there is no such thing"}, status=404)

    def _receipt(self, receipt: Noted) -> dict[str, Any]:
        """A receipt, and whether the grader lab has what was handed in."""
        return {**receipt.summary(), "collected": receipt.code in self.collected.of_course(receipt.course)}

    async def _put(self, request: web.BaseRequest) -> web.Response:
        try:
            self._take(Told.from_json(await request.read()))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": repr(error)}, status=400)
        return web.json_response({"digest": self._told().digest})

    async def _person(self, method: str, person: str) -> web.Response:
        """Everything of one person: shown, or removed for good."""
        if method == "GET":
            receipts = self.store.receipts(person=person)
            found = [(await asyncio.to_thread(self.store.whole, each)).as_json() for each in receipts]
            feedback = [each.as_json() for each in self.shelf.of_person(person)]
            grades = await asyncio.to_thread(self.grades.of_person, person)
            own = {"hand_ins": found, "feedback": feedback, "grades": grades, "checks": self.checks.of_person(person)}
            text = json.dumps(own)
            return web.Response(text=text, content_type="application/json")
        if method == "DELETE" and person:
            await asyncio.to_thread(self.shelf.forget, person)
            await asyncio.to_thread(self.grades.forget, person)
            await asyncio.to_thread(self.checks.forget, person)
            return web.json_response({"removed": await asyncio.to_thread(self.store.forget, person)})
        return web.json_response({"error": "there is no such thing"}, status=404)

    async def _kept(self, method: str, query: Mapping[str, str]) -> web.Response:
        """What is kept of courses, of one course, its removal, or what comes of one that was kept elsewhere."""
        course = query.get("course", "")
        try:
            if method == "GET" and not course:
                return web.json_response({"courses": await asyncio.to_thread(self.kept.courses)})
            if method == "GET":
                return web.json_response(await asyncio.to_thread(self.kept.of_course, course))
            if method == "POST":
                came = await asyncio.to_thread(self.kept.take_in, course, query.get("token", ""))
                log.info("%s brought %s: %d hand-ins", query.get("by"), course, came["hand_ins"])
                return web.json_response(came)
            if method == "DELETE":
                everything = query.get("what") == "all"
                await asyncio.to_thread(partial(self.kept.remove, course, everything=everything))
                log.info("%s removed %s of %s", query.get("by"), "all" if everything else "what was handed in", course)
                return web.json_response({})
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"error": "there is no such thing"}, status=404)

    async def _grades(self, course: str) -> dict[str, Any] | None:
        """The grades of a course that there is, so that its name is a plain one."""
        return await asyncio.to_thread(self.grades.of_course, course) if course in self._told().courses else None

    def _given_out(self, course: str) -> dict[str, Any]:
        """What grader labs gave out in a course, and what waits for a teacher."""
        return {
            "released": {state: [self._released(each) for each in self.shelf.items(course, state)] for state in STATES},
            "feedback": {state: [_shown(each) for each in self.shelf.all_feedback(course, state)] for state in STATES},
            "versions": self.shelf.versions(course),
        }

    def _released(self, item: Item) -> dict[str, Any]:
        """An assignment, and whether the course's list has had it."""
        return {**_shown(item), "listed": self.shelf.was_listed(item.key)}

    async def _click(self, query: Mapping[str, str]) -> web.Response:
        """Release or take back what a teacher was shown, as they asked the hub for it; nothing where it changed."""
        course, assignment, what, shown = (query.get(key, "") for key in ("course", "assignment", "what", "shown"))
        if what not in CLICKS:
            return web.json_response({"error": "there is no such thing"}, status=404)
        try:
            done = await asyncio.to_thread(self.shelf.click, course, assignment, what, shown)
        except Changed:
            log.info("%s: %s of %s in %s has changed since", query.get("by"), what, assignment, course)
            return web.json_response({"error": "it has changed"}, status=409)
        log.info("%s: %s of %s in %s: %d", query.get("by"), what, assignment, course, done)
        return web.json_response({"done": done})


def _shown(item: Item) -> dict[str, Any]:
    return {"assignment": item.key.assignment, "person": item.key.person, "code": item.key.code, "at": item.at}
