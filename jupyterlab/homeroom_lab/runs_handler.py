"""`POST homeroom/runs/<kernel>`: a page that was opened anew asks what its notebook's cells wrote meanwhile."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web


class RunsHandler(APIHandler):
    """Answers the page; each execution is given to one page."""

    @web.authenticated
    async def post(self, kernel_id: str) -> None:
        """The executions that no page sees, for the page whose session the request names.

        :raises tornado.web.HTTPError: 404, there is no such kernel; 400, the request names no session.
        """
        if kernel_id not in self.kernel_manager:
            raise web.HTTPError(404, "There is no such kernel.")
        asked = self.get_json_body()
        session = asked.get("session") if isinstance(asked, dict) else None
        if not isinstance(session, str) or not session:
            raise web.HTTPError(400, "The request names no session.")
        runs = getattr(self.kernel_manager.get_kernel(kernel_id), "runs", None)
        await self.finish(json.dumps([run.as_json() for run in runs.claim(session)] if runs else []))


def install(web_app: Any) -> None:
    """Answer `POST homeroom/runs/<kernel>` under a server's base URL."""
    base = web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(rf"{base}/homeroom/runs/([\w-]+)", RunsHandler)])
