"""nbgrader's pages in a lab's server, as they are loaded: they run nothing that lies in the home
(`homeroom_lab/exchange/server.py`), and grade one course."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from homeroom_lab.exchange import server

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def install() -> None:
    """Amend nbgrader in this process, before its pages are loaded."""
    from nbgrader.apps.baseapp import NbGrader

    if getattr(NbGrader, "homeroom_amended", False):
        return
    NbGrader.homeroom_amended = True
    server.amend()
    _amend_formgrader()


def _amend_formgrader() -> None:
    from nbgrader.server_extensions.formgrader import handlers
    from nbgrader.server_extensions.formgrader.base import BaseHandler
    from tornado import web

    class FormgraderHandler(BaseHandler):
        """`/formgrader`: the assignments of this course. Upstream takes another course, and its configuration, from a
        link."""

        @web.authenticated
        def get(self) -> None:
            """Go there. :raises HTTPError: 400, a link names a directory."""
            if self.get_argument("path", ""):
                raise web.HTTPError(400, "This lab grades one course; a link does not choose another.")
            self.redirect(f"{self.base_url}/formgrader/manage_assignments")

    handlers.default_handlers[:] = [
        (route, FormgraderHandler, *rest) if handler is handlers.FormgraderHandler else (route, handler, *rest)
        for route, handler, *rest in handlers.default_handlers
    ]
    _count_deeds(BaseHandler)


def _count_deeds(base: type) -> None:
    """Have what is done on the formgrader's pages count as use of the lab; upstream's handlers are not asked."""
    finish = base.on_finish  # type: ignore[attr-defined]

    def count_and_finish(self: Any) -> None:
        if self.request.method not in LOOKING:
            self.settings["last_activity_times"]["homeroom_grading"] = datetime.now(UTC)
        finish(self)

    base.on_finish = count_and_finish  # type: ignore[attr-defined]
