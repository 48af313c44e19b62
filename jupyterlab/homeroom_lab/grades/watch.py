"""Looks at the gradebook, and has it sent when it has changed: by a process of its own, so that pages do not wait."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from homeroom_lab.grades.gradebook import FILE
from homeroom_lab.grades.send import COURSE

LOOK_SECONDS = 5.0
QUIET_SECONDS = 10.0
"""It is sent when nobody has written for so long,"""
LONGEST_SECONDS = 60.0
"""or this long after the first change."""
AGAIN_SECONDS = 60.0
"""After it was not taken."""
Mark = tuple[int, int]


class GradebookWatch:
    """Sends the gradebook of a course's directory.

    :param send: sends it; whether it was taken.
    :param seconds: the clock.
    """

    def __init__(
        self,
        log: Any,
        course: Path = COURSE,
        send: Callable[[], Awaitable[bool]] | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._path = course / FILE
        self._send = send or self._by_process
        self._seconds = seconds
        self._sent: Mark | None = None
        self._seen: Mark | None = None
        self._first = self._last = self._tried = float("-inf")

    async def run(self) -> None:
        """Look again and again."""
        while True:
            try:
                await self.look()
            except Exception as error:
                self._log.error("The gradebook could not be sent, and it is tried again: %r", error)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Look once; send what has changed, when it is quiet."""
        now, mark = self._seconds(), self._mark()
        if mark is None or mark == self._sent:
            self._seen = mark
            return
        if mark != self._seen:
            if self._seen == self._sent:
                self._first = now
            self._seen, self._last = mark, now
        is_due = now - self._last >= QUIET_SECONDS or now - self._first >= LONGEST_SECONDS
        if is_due and now - self._tried >= AGAIN_SECONDS:
            if await self._send():
                self._sent, self._tried = mark, float("-inf")
            else:
                self._tried = now

    def _mark(self) -> Mark | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

    async def _by_process(self) -> bool:
        command = (sys.executable, "-P", "-m", "homeroom_lab.grades.send")
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        level = self._log.info if process.returncode == 0 else self._log.warning
        level("%s", said.decode(errors="replace").strip()[-500:])
        return process.returncode == 0
