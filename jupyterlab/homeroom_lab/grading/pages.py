"""nbgrader's formgrader, in whose pages what takes long is a process beside the server: collecting, grading, feedback.
With a button that grades the whole class, and how far it is; and with words where what was released waits."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from homeroom_lab.grading import progress
from homeroom_lab.grading.processes import AUTOGRADE, Processes

SCRIPTS = ("manage_submissions.js", "utils.js")
"""Those of the pages' scripts that ours of the same name come after."""
KEPT = "homeroom_autograding"
"""Under which name the server keeps what goes on."""
BESIDE = {
    "CollectHandler": ("collect", "--update"),
    "AutogradeHandler": (AUTOGRADE, "--force"),
    "GenerateAllFeedbackHandler": ("generate_feedback", "--force"),
    "GenerateFeedbackHandler": ("generate_feedback", "--force"),
    "ReleaseAllFeedbackHandler": ("release_feedback",),
    "ReleaseFeedbackHandler": ("release_feedback",),
}
"""What upstream does within the server, which answers nobody meanwhile: by its handler, the command for the same."""


def amend() -> None:
    """Amend the formgrader in this process, before it is loaded."""
    from nbgrader.server_extensions.formgrader import apihandlers, formgrader, handlers
    from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler, check_notebook_dir, check_xsrf
    from tornado import web

    def processes(handler: Any) -> Processes:
        found: Processes = handler.settings.setdefault(KEPT, Processes(Path(handler.coursedir.root)))
        return found

    def beside(command: str, *options: str) -> type:
        class BesideHandler(BaseApiHandler):
            """One of nbgrader's commands, for all submissions of an assignment or for one student's."""

            @web.authenticated
            @check_xsrf
            @check_notebook_dir
            async def post(self, assignment_id: str, student_id: str = "") -> None:
                """Have it done, and say what came of it."""
                chosen = (f"--student={student_id}",) if student_id else ()
                self.write(json.dumps(await processes(self).run(command, assignment_id, *chosen, *options)))

        return BesideHandler

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
        """A script of the page's, and after it ours."""

        @web.authenticated
        def get(self, name: str) -> None:
            """Give both."""
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            upstream = Path(handlers.static_path) / "js" / name
            ours = Path(__file__).with_name(name)
            self.finish(upstream.read_text(encoding="utf-8") + ours.read_text(encoding="utf-8"))

    routes = apihandlers.default_handlers
    if any(handler.__name__ == AutogradeAllHandler.__name__ for _, handler, *_ in routes):
        return
    routes[:] = [
        (route, beside(*BESIDE[handler.__name__]) if handler.__name__ in BESIDE else handler, *rest)
        for route, handler, *rest in routes
    ]
    routes.insert(0, (r"/formgrader/api/assignment/([^/]+)/autograde", AutogradeAllHandler))
    scripts = "|".join(map(re.escape, SCRIPTS))
    formgrader.handlers.default_handlers.insert(0, (rf"/formgrader/static/js/({scripts})", ScriptHandler))
