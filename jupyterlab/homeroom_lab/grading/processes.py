"""What the pages have nbgrader do: in processes beside the server, which goes on answering."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from pathlib import Path
from typing import Any

COMMAND = ("/usr/bin/nice", "-n", "10", sys.executable, "-P", "-m", "nbgrader")
"""Pages come first where the lab has one CPU."""
AUTOGRADE = "autograde"
LONGEST_LOG_LINES = 2000


class Processes:
    """What is done for the pages: for each assignment one thing at a time, and its grading beside that, whoever clicks.

    :param root: the course's directory, where a command in a terminal would be typed.
    """

    def __init__(self, root: Path, command: tuple[str, ...] = COMMAND) -> None:
        self.root = root
        self._command = command
        self._going: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def is_going(self, assignment: str) -> bool:
        """Whether all of an assignment is being graded by a click."""
        task = self._going.get(assignment)
        return task is not None and not task.done()

    def begin(self, assignment: str) -> bool:
        """Grade all of an assignment that is not graded yet; False: that goes on already."""
        if self.is_going(assignment):
            return False
        self._going[assignment] = asyncio.ensure_future(self.run(AUTOGRADE, assignment))
        return True

    def ended(self, assignment: str) -> dict[str, Any] | None:
        """What came of it last; None: it goes on, or nobody clicked."""
        task = self._going.get(assignment)
        return task.result() if task is not None and task.done() and not task.cancelled() else None

    async def run(self, command: str, assignment: str, *options: str) -> dict[str, Any]:
        """Have nbgrader do one thing with an assignment, and say what came of it as its pages have it: `success`, `log`
        and, if it failed, `error`."""
        arguments = command, f"--assignment={assignment}", *options
        if command == AUTOGRADE:  # which takes turns by itself, submission by submission
            code, log = await self._run(*arguments)
        else:
            async with self._turns.setdefault(assignment, asyncio.Lock()):
                code, log = await self._run(*arguments)
        if code == 0:
            return {"success": True, "log": log}
        return {"success": False, "log": log, "error": f"nbgrader {command} ended with {code}."}

    async def _run(self, *arguments: str) -> tuple[int, str]:
        lines: deque[str] = deque(maxlen=LONGEST_LOG_LINES)
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
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
        return code, "".join(lines)
