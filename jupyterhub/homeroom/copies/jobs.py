"""What comes back for whom just now, and what became of it: of each person the last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

KEPT_SECONDS = 900.0
"""How long a page says what became of it."""
MOST_KEPT = 1000


@dataclass
class Job:
    """Something that comes back.

    :param said: what became of it; empty while it comes.
    """

    path: str
    task: asyncio.Task[None] | None = None
    said: dict[str, Any] = field(default_factory=dict)
    ended_at: float = 0.0


class Jobs:
    """The last of each person."""

    def __init__(self) -> None:
        self._known: dict[str, Job] = {}

    def of(self, name: str) -> Job | None:
        """The last of somebody, unless that is long ago."""
        job = self._known.get(name)
        if job is not None and job.said and time.monotonic() - job.ended_at > KEPT_SECONDS:
            del self._known[name]
            return None
        return job

    def begin(self, name: str, path: str, work: Coroutine[Any, Any, dict[str, Any]]) -> asyncio.Task[None] | None:
        """Begin, unless something comes back for this person already; then the task of that is None."""
        before = self.of(name)
        if before is not None and not before.said:
            work.close()
            return None
        job = Job(path)
        self._known.pop(name, None)
        self._known[name] = job
        while len(self._known) > MOST_KEPT:
            ended = next((one for one, each in self._known.items() if each.said), None)
            if ended is None:
                break
            del self._known[ended]
        job.task = asyncio.create_task(self._see_through(job, work))
        return job.task

    async def _see_through(self, job: Job, work: Coroutine[Any, Any, dict[str, Any]]) -> None:
        try:
            job.said = await work
        finally:
            job.said = job.said or {"fault": "unreadable"}
            job.ended_at = time.monotonic()
            job.task = None


JOBS = Jobs()
