"""Autograding for the pages: in a process beside the server, which goes on answering."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from pathlib import Path
from typing import Any

COMMAND = ("/usr/bin/nice", "-n", "10", sys.executable, "-P", "-m", "nbgrader", "autograde")
"""Pages come first where the lab has one CPU."""
LONGEST_LOG_LINES = 2000


class Processes:
    """What is graded for the pages: one process for each assignment, whoever clicks.

    :param root: the course's directory, where a command in a terminal would be typed.
    """

    def __init__(self, root: Path, command: tuple[str, ...] = COMMAND) -> None:
        self.root = root
        self._command = command
        self._going: dict[str, asyncio.Task[dict[str, Any]]] = {}

    def is_going(self, assignment: str) -> bool:
        """Whether all of an assignment is being graded by a click."""
        task = self._going.get(assignment)
        return task is not None and not task.done()

    def begin(self, assignment: str) -> bool:
        """Grade all of an assignment that is not graded yet; False: that goes on already."""
        if self.is_going(assignment):
            return False
        self._going[assignment] = asyncio.ensure_future(self.run(assignment))
        return True

    def ended(self, assignment: str) -> dict[str, Any] | None:
        """What came of it last; None: it goes on, or nobody clicked."""
        task = self._going.get(assignment)
        return task.result() if task is not None and task.done() and not task.cancelled() else None

    async def run(self, assignment: str, *options: str) -> dict[str, Any]:
        """Grade, and say what came of it as nbgrader's pages have it: `success`, `log` and, if it failed, `error`."""
        lines: deque[str] = deque(maxlen=LONGEST_LOG_LINES)
        process = await asyncio.create_subprocess_exec(
            *self._command,
            "--assignment",
            assignment,
            *options,
            cwd=self.root,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
        )
        try:
            if process.stdout is not None:
                while line := await process.stdout.readline():
                    lines.append(line.decode(errors="replace"))
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        log = "".join(lines)
        if code == 0:
            return {"success": True, "log": log}
        return {"success": False, "log": log, "error": f"nbgrader autograde ended with {code}."}
