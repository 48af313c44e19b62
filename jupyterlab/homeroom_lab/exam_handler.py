"""`GET homeroom/exam`: how long the exam goes on that is sat in this lab, as the hand-in desk knows it."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.ioloop import IOLoop

from homeroom_lab import desk


class ExamHandler(APIHandler):
    """Answers the page of a lab in which an exam is sat; in others there is none."""

    @web.authenticated
    async def get(self) -> None:
        """The title, and the seconds that are left.

        :raises HTTPError: 404, there is no exam here, or the desk does not answer now.
        """
        try:
            found = await IOLoop.current().run_in_executor(None, desk.ask, "/exam")
        except desk.NotTaken:
            raise web.HTTPError(404) from None
        await self.finish(json.dumps(found))


def install(web_app: Any) -> None:
    """Answer `GET homeroom/exam` under a server's base URL."""
    base = web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/exam", ExamHandler)])
