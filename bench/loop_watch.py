"""A page of a hub that is measured: how long its event loop was kept at most, and the CPU that it has used."""

from __future__ import annotations

import asyncio
import json
import time

from tornado.web import RequestHandler

PATH = "bench-loop"
TICK_SECONDS = 0.005


class Watch:
    """Looks every few milliseconds whether the event loop is free.

    :param longest_seconds: for how long it was not, at most.
    """

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self._task: asyncio.Task[None] | None = None

    def begin_anew(self) -> None:
        """Forget what was."""
        self.longest_seconds = 0.0
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(TICK_SECONDS)
            self.longest_seconds = max(self.longest_seconds, time.perf_counter() - began - TICK_SECONDS)


WATCH = Watch()


class LoopPage(RequestHandler):
    """`/hub/bench-loop`. Each look begins a new one."""

    def get(self) -> None:
        """What was seen since the last look."""
        seen = {"longest_ms": WATCH.longest_seconds * 1000, "cpu_seconds": time.process_time()}
        WATCH.begin_anew()
        self.finish(json.dumps(seen))
