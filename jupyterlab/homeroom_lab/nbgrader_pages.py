"""nbgrader's pages in a lab's server, as they are loaded: they run nothing that lies in the home
(`homeroom_lab/exchange/server.py`), grade one course, and lead to pages that there are."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from homeroom_lab.exchange import server

log = logging.getLogger("homeroom_lab.nbgrader_pages")
LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
UTILS = "utils.js"
ADDRESSES = {
    'notebook: "/notebooks/"': 'notebook: base_url + "/lab/tree/"',
    'file: "/edit/"': 'file: base_url + "/lab/tree/"',
    'directory: "/tree/"': 'directory: base_url + "/lab/tree/"',
}
"""Where links of the formgrader lead in a tab of its own, and where what they mean is found in JupyterLab."""


def install() -> None:
    """Amend nbgrader in this process, before its pages are loaded."""
    from nbgrader.apps.baseapp import NbGrader

    if getattr(NbGrader, "homeroom_amended", False):
        return
    NbGrader.homeroom_amended = True
    server.amend()
    _amend_formgrader()


def _amend_formgrader() -> None:
    from nbgrader.server_extensions.formgrader import formgrader, handlers
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
    formgrader.handlers.default_handlers.insert(0, (rf"/formgrader/static/js/{UTILS}", _script_handler(handlers)))
    _count_deeds(BaseHandler)


def _script_handler(handlers: Any) -> type:
    from nbgrader.server_extensions.formgrader.base import BaseHandler
    from tornado import web

    script = amended((Path(handlers.static_path) / "js" / UTILS).read_text(encoding="utf-8"))

    class ScriptHandler(BaseHandler):
        """The script by which the formgrader's pages link to files: upstream's links lack the lab's own address, and
        lead to pages that JupyterLab has not (https://github.com/jupyter/nbgrader/issues/1888)."""

        @web.authenticated
        def get(self) -> None:
            """Give it."""
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            self.finish(script)

    return ScriptHandler


def amended(script: str) -> str:
    """The formgrader's script with addresses that there are."""
    for old, new in ADDRESSES.items():
        if old not in script:
            log.warning("The formgrader's links are other ones than expected: %s", old)
        script = script.replace(old, new)
    return script


def _count_deeds(base: type) -> None:
    """Have what is done on the formgrader's pages count as use of the lab; upstream's handlers are not asked."""
    finish = base.on_finish  # type: ignore[attr-defined]

    def count_and_finish(self: Any) -> None:
        if self.request.method not in LOOKING:
            self.settings["last_activity_times"]["homeroom_grading"] = datetime.now(UTC)
        finish(self)

    base.on_finish = count_and_finish  # type: ignore[attr-defined]
