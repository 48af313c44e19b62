"""nbgrader's formgrader, in whose pages what takes long is a process beside the server: making assignments and
feedback, giving them out, collecting and grading. With a button that grades the whole class, and how far it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from homeroom_lab.grading import progress, scripts
from homeroom_lab.grading.processes import AUTOGRADE, Processes

KEPT = "homeroom_grading"
"""Under which name the server keeps what goes on."""
BESIDE = {
    "AssignHandler": ("generate_assignment", "--force"),
    "ReleaseHandler": ("release_assignment",),
    "CollectHandler": ("collect", "--update"),
    "AutogradeHandler": (AUTOGRADE, "--force"),
    "GenerateAllFeedbackHandler": ("generate_feedback", "--force"),
    "GenerateFeedbackHandler": ("generate_feedback", "--force"),
    "ReleaseAllFeedbackHandler": ("release_feedback",),
    "ReleaseFeedbackHandler": ("release_feedback",),
}
"""What upstream does within the server, which answers nobody meanwhile: by its handler, the command for the same."""
WAITING = "waiting"
"""What an assignment is that was released and waits for a teacher; upstream knows drafts and released ones."""


def amend() -> None:
    """Amend the formgrader in this process, before it is loaded."""
    from nbgrader.server_extensions.formgrader import apihandlers, handlers
    from nbgrader.server_extensions.formgrader.base import BaseApiHandler, check_notebook_dir, check_xsrf
    from tornado import web

    def processes(handler: Any) -> Processes:
        found: Processes = handler.settings.setdefault(KEPT, Processes(Path(handler.coursedir.root)))
        return found

    def beside(command: str, *options: str) -> type:
        class BesideHandler(BaseApiHandler):
            """One of nbgrader's commands, for a whole assignment or for one student's submission."""

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

    routes = apihandlers.default_handlers
    if any(handler.__name__ == AutogradeAllHandler.__name__ for _, handler, *_ in routes):
        return
    routes[:] = [
        (route, beside(*BESIDE[handler.__name__]) if handler.__name__ in BESIDE else handler, *rest)
        for route, handler, *rest in routes
    ]
    routes.insert(0, (r"/formgrader/api/assignment/([^/]+)/autograde", AutogradeAllHandler))
    handlers.default_handlers[:0] = scripts.routes()
    _tell_what_waits()


def _tell_what_waits() -> None:
    """Have an assignment that waits for a teacher not be told as released."""
    from nbgrader.apps.api import NbGraderAPI

    upstream = NbGraderAPI.get_assignment

    def get_released_assignments(api: Any) -> set[str]:
        if not api.exchange_is_functional:
            return set()
        lister = api.exchange.List(coursedir=api.coursedir, authenticator=api.authenticator, parent=api)
        found = lister.start()
        out = {each["assignment_id"] for each in found if not each["waiting"]}
        api.homeroom_waiting = {each["assignment_id"] for each in found} - out
        return {*out, *api.homeroom_waiting}

    def get_assignment(api: Any, assignment_id: str, released: Any = None) -> Any:
        found = upstream(api, assignment_id, released=released)
        if found and assignment_id in getattr(api, "homeroom_waiting", ()):
            found["status"] = WAITING
        return found

    NbGraderAPI.get_released_assignments = get_released_assignments
    NbGraderAPI.get_assignment = get_assignment
