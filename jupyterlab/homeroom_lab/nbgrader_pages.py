"""nbgrader's pages in a lab's server, as they are loaded: they run nothing that lies in the home
(`homeroom_lab/exchange/server.py`), and grade one course."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from homeroom_lab.exchange import server

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
ODD = re.compile(r"""["<>\\`\x00-\x1f\x7f]""")
"""What no name of an assignment, notebook or student in an address has: upstream writes these names into its pages, and
into their scripts, as they come."""


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
    from nbgrader.server_extensions.formgrader.base import BaseApiHandler, BaseHandler
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

    class SubmissionFilesHandler(handlers.SubmissionFilesHandler):
        """`/formgrader/submissions/ID/FILE`: a file that was handed in. Opened by itself, a page or picture among them
        is shown without its scripts, and as if it came from elsewhere."""

        @property
        def content_security_policy(self) -> str:
            """What a browser lets such a page do."""
            return f"{super().content_security_policy}; sandbox"

    ours = {handlers.FormgraderHandler: FormgraderHandler, handlers.SubmissionFilesHandler: SubmissionFilesHandler}
    handlers.default_handlers[:] = [
        (route, ours.get(handler, handler), *rest) for route, handler, *rest in handlers.default_handlers
    ]
    _refuse_odd_names(BaseHandler)
    _answer_in_text(BaseApiHandler)
    _count_deeds(BaseHandler)


def is_odd(names: Iterable[str | None]) -> bool:
    """Whether one of the names in an address could be more than a name in a page."""
    return any(ODD.search(each) for each in names if each)


def _refuse_odd_names(base: type) -> None:
    """Have an address with such a name lead to no page: a link can come from anybody."""
    prepare = base.prepare  # type: ignore[attr-defined]

    async def refuse_or_prepare(self: Any, *arguments: Any, **options: Any) -> None:
        from tornado import web

        await prepare(self, *arguments, **options)
        if not self._finished and is_odd([*self.path_args, *self.path_kwargs.values()]):
            raise web.HTTPError(404, "There is nothing of this name.")

    base.prepare = refuse_or_prepare  # type: ignore[attr-defined]


def _answer_in_text(base: type) -> None:
    """Have the answers to scripts be no pages: upstream calls them HTML, and students' words are in them."""

    begin = base.set_default_headers  # type: ignore[attr-defined]

    def set_default_headers(self: Any) -> None:
        begin(self)
        self.set_header("Content-Type", "text/plain; charset=UTF-8")

    base.set_default_headers = set_default_headers  # type: ignore[attr-defined]


def _count_deeds(base: type) -> None:
    """Have what is done on the formgrader's pages count as use of the lab; upstream's handlers are not asked."""
    finish = base.on_finish  # type: ignore[attr-defined]

    def count_and_finish(self: Any) -> None:
        if self.request.method not in LOOKING:
            self.settings["last_activity_times"]["homeroom_grading"] = datetime.now(UTC)
        finish(self)

    base.on_finish = count_and_finish  # type: ignore[attr-defined]
