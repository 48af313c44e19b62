"""What the desk does for grading: a submission that the lab of graders sends is executed."""

from __future__ import annotations

import re

from aiohttp import web

from homeroom.courses.course import Course
from homeroom.courses.desk.routes import Route
from homeroom.courses.desk.runs import Runs


def grading_routes(runs: Runs) -> tuple[Route, ...]:
    """What graders can ask for: `POST /runs`, with an order and the files of one submission, and how many are run at a
    time."""

    async def run(course: Course, request: web.BaseRequest) -> web.StreamResponse:
        return await runs.answer(course.name, course.profile, request)

    async def tell(_: Course, __: web.BaseRequest) -> web.Response:
        return web.json_response({"at_once": runs.at_once})

    return (Route("POST", re.compile("/runs"), run), Route("GET", re.compile("/runs"), tell))
