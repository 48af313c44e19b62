"""What stands in the place of the grader's pages where the image has no nbgrader."""

from __future__ import annotations

from jupyter_server.base.handlers import JupyterHandler
from tornado import web


class NoGraderHandler(JupyterHandler):
    """`/formgrader`."""

    @web.authenticated
    def get(self) -> None:
        """:raises HTTPError: 404, with what the operator can do."""
        raise web.HTTPError(
            404, "This lab's image has no nbgrader. The operator puts nbgrader into LAB_FEATURES and runs `make up`."
        )
