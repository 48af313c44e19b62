"""`homeroom/check`: the notebook's button *Check my work*, for students. What it does is `homeroom check`.

`GET ?path=` says whether the notebook there can be checked, how often today still, and what came of the last check;
`POST ?path=` begins one. A check waits for its turn and runs for minutes, so nobody waits for an answer.
"""

from __future__ import annotations

import json
import os
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.ioloop import IOLoop

from homeroom_lab import desk
from homeroom_lab.grading.checking import Checking, checkable

ROLE = "student"


class CheckHandler(APIHandler):
    """Answers the page."""

    def initialize(self, checking: Checking) -> None:
        """:param checking: does it."""
        self.checking = checking

    @web.authenticated
    async def get(self) -> None:
        """What there is to check, and what came of the last check. :raises HTTPError: 404, nothing can be checked."""
        path = self.get_query_argument("path")
        found = await self._checkable(path)
        state = self.checking.state(path)
        if not found and not state:
            raise web.HTTPError(404)
        await self.finish(json.dumps({"left": sum(each["left"] for each in found[:1]), **state}))

    @web.authenticated
    async def post(self) -> None:
        """Begin. :raises HTTPError: 404, nothing can be checked; 409, not just now; says why."""
        path = self.get_query_argument("path")
        found = await self._checkable(path)
        if not found:
            raise web.HTTPError(404)
        if len(found) > 1:
            courses = " and ".join(each["course"] for each in found)
            name = found[0]["assignment"]
            raise web.HTTPError(409, f"{name} is in {courses}. In a terminal: homeroom check {name} --course ...")
        if self.checking.running:
            raise web.HTTPError(409, "Another check of yours is going on. Try again when it is done.")
        self.checking.begin(path, found[0]["course"], found[0]["assignment"])
        self.set_status(202)
        await self.finish("{}")

    async def _checkable(self, path: str) -> list[dict[str, Any]]:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise web.HTTPError(404)
        try:
            told = await IOLoop.current().run_in_executor(None, desk.ask, "/checks")
        except desk.NotTaken:
            return []
        return checkable(path, told["checks"])


def install(web_app: Any, root: str) -> None:
    """Answer under the base URL of a student's lab, and tell its page that there may be something to check."""
    if os.environ.get("HOMEROOM_LAB_ROLE") != ROLE:
        return
    web_app.settings.setdefault("page_config_data", {})["homeroomChecks"] = True
    base, checking = web_app.settings["base_url"].rstrip("/"), Checking(Path(root).expanduser())
    web_app.add_handlers(".*$", [(f"{base}/homeroom/check", CheckHandler, {"checking": checking})])
