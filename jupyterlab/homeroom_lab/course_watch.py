"""The course in its grader lab: its directory is made, and assignments and students are put into its gradebook, at the
lab's start and whenever the desk tells of other ones."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

from homeroom_lab import desk

LOOK_SECONDS = 10.0
ROLE = "grader"
log = logging.getLogger("homeroom_lab.course_watch")


class CourseWatch:
    """Looks at what the desk tells of the course.

    :param root: the course's directory.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, Any] | None = None

    async def run(self) -> None:
        """As long as the lab runs."""
        while True:
            try:
                await self.look()
            except Exception as error:  # of whatever kind: the next look may find it better
                log.error("The course cannot be brought up to date, and is tried again: %s", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once.

        :raises NotTaken: the desk does not say.
        :raises RuntimeError: the gradebook does not take it.
        """
        course = await asyncio.to_thread(desk.ask, "/course")
        if course == self._known:
            return
        # a process of its own: nbgrader's database is slow to open, and the server answers meanwhile
        command = [sys.executable, "-P", "-m", "homeroom_lab.course_directory", str(self.root)]
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.STDOUT, cwd="/"
        )
        said, _ = await process.communicate(json.dumps(course).encode())
        lines = said.decode(errors="replace").strip().splitlines()
        if process.returncode:
            raise RuntimeError(lines[-1] if lines else f"exit code {process.returncode}")
        if lines:
            log.info("%s", lines[0])
        self._known = course


def install(web_app: Any) -> None:
    """Keep the course up to date in a grader lab with nbgrader; where nbgrader is missing, the lab's page says so."""
    from importlib.util import find_spec

    from tornado.ioloop import IOLoop

    if os.environ.get("HOMEROOM_LAB_ROLE") != ROLE:
        return
    if find_spec("nbgrader") is None:
        from homeroom_lab.no_grader import NoGraderHandler

        web_app.add_handlers(".*$", [(f"{web_app.settings['base_url'].rstrip('/')}/formgrader.*", NoGraderHandler)])
        return
    IOLoop.current().add_callback(CourseWatch(Path.home() / "course").run)
