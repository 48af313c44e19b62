"""nbgrader's formgrader, in whose pages autograding is a process beside the server: with a button for the whole class,
and how far it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from homeroom_lab.grading import progress
from homeroom_lab.grading.processes import Processes

SCRIPT = "manage_submissions.js"
OURS = Path(__file__).with_name("manage_submissions.js")
KEPT = "homeroom_autograding"
"""Under which name the server keeps what goes on."""


def amend() -> None:
    """Amend the formgrader in this process, before it is loaded."""
    from nbgrader.server_extensions.formgrader import apihandlers, formgrader, handlers
    from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler, check_notebook_dir, check_xsrf
    from tornado import web

    def processes(handler: Any) -> Processes:
        found: Processes = handler.settings.setdefault(KEPT, Processes(Path(handler.coursedir.root)))
        return found

    class AutogradeHandler(BaseApiHandler):
        """One submission, graded anew. Upstream does it within the server, which answers nobody meanwhile."""

        @web.authenticated
        @check_xsrf
        @check_notebook_dir
        async def post(self, assignment_id: str, student_id: str) -> None:
            """Grade it."""
            self.write(json.dumps(await processes(self).run(assignment_id, "--student", student_id, "--force")))

    class AutogradeAllHandler(BaseApiHandler):
        """All submissions of an assignment that are not graded yet."""

        @web.authenticated
        @check_xsrf
        @check_notebook_dir
        async def post(self, assignment_id: str) -> None:
            """Begin, unless it goes on already."""
            processes(self).begin(assignment_id)
            self._tell(assignment_id)

        @web.authenticated
        @check_xsrf
        @check_notebook_dir
        async def get(self, assignment_id: str) -> None:
            """How far it is, also where somebody typed the command."""
            self._tell(assignment_id)

        def _tell(self, assignment_id: str) -> None:
            going = processes(self)
            told = progress.read(going.root, assignment_id)
            told["going"] = bool(told.get("going")) or going.is_going(assignment_id)
            self.write(json.dumps({**told, "ended_with": going.ended(assignment_id)}))

    class ScriptHandler(BaseHandler):
        """The page's own script, and after it ours."""

        @web.authenticated
        def get(self) -> None:
            """Give both."""
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            upstream = Path(handlers.static_path) / "js" / SCRIPT
            self.finish(upstream.read_text(encoding="utf-8") + OURS.read_text(encoding="utf-8"))

    routes = apihandlers.default_handlers
    if any(handler.__name__ == AutogradeAllHandler.__name__ for _, handler, *_ in routes):
        return
    routes[:] = [
        (route, AutogradeHandler if handler is apihandlers.AutogradeHandler else handler, *rest)
        for route, handler, *rest in routes
    ]
    routes.insert(0, (r"/formgrader/api/assignment/([^/]+)/autograde", AutogradeAllHandler))
    formgrader.handlers.default_handlers.insert(0, (rf"/formgrader/static/js/{SCRIPT}", ScriptHandler))
