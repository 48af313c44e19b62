"""Grades on the course's page: what the gradebook says is sent to the desk whenever it has changed, by the lab in which
the course is graded."""

from __future__ import annotations

from typing import Any

from tornado.ioloop import IOLoop


def _load_jupyter_server_extension(app: Any) -> None:
    """Look at the gradebook as long as the lab runs."""
    from homeroom_lab.grades.watch import GradebookWatch

    IOLoop.current().add_callback(GradebookWatch(app.log).run)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "homeroom_lab.grades"}]
