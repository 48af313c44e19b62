"""What the desk does for the lab in which a course is graded, whose socket says which course it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiohttp import web

from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.routes import Route, Routes
from homeroom.courses.desk.told import Told


class GraderCounter:
    """Answers the labs of graders.

    :param told: gives what the hub has told last.
    :param routes: what they can ask for; each handler is given the course, the request and the groups of its pattern.
    """

    def __init__(self, told: Callable[[], Told], routes: Iterable[Route] = ()) -> None:
        self._told = told
        self._routes = Routes(routes, "The desk knows nothing of this kind for graders.")

    async def answer(self, course: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of a course's grader lab."""
        try:
            graded = self._told().graded(course)
        except Refused as refused:
            return web.json_response({"error": refused.why}, status=refused.status)
        return await self._routes.answer(graded, f"the grader of {course}", request)
