"""Turns: how many labs may be starting at a time, and how long one start may keep the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Turns:
    """Hands out turns in the order of asking.

    A turn is what a start needs the CPUs for. It is over after `longest_seconds` at the latest, whether the start is
    over or not: one that hangs goes on beside the others. Whoever let their turn run out, and was not there in the end
    either, takes the next one from a line of its own, one at a time, until a start of theirs succeeds: what they left
    in their home makes nobody else wait twice.
    """

    def __init__(self, at_once: int, longest_seconds: float) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._late = asyncio.Semaphore(1)
        self._longest_seconds = longest_seconds
        self._who_was_late: set[str] = set()

    def taken(self, person: str) -> bool:
        """Whether somebody has to wait for a turn now."""
        return self._line_of(person).locked()

    async def take(self, person: str, start: Callable[[], Coroutine[Any, Any, str]], most_seconds: float) -> str:
        """Wait for a turn, then start; returns what the start does.

        :param most_seconds: how long the start may take, from its turn on.
        :raises TimeoutError: it took longer, and was ended.
        """
        loop = asyncio.get_running_loop()
        async with self._line_of(person):
            until = loop.time() + most_seconds
            starting = asyncio.create_task(start())
            in_time = await _wait(starting, min(self._longest_seconds, most_seconds))
        if not in_time:
            self._who_was_late.add(person)
        if not await _wait(starting, until - loop.time()):
            starting.cancel()
            await asyncio.wait({starting})
            if starting.cancelled():
                raise TimeoutError
        address = starting.result()
        self._who_was_late.discard(person)
        return address

    def _line_of(self, person: str) -> asyncio.Semaphore:
        return self._late if person in self._who_was_late else self._all


async def _wait(task: asyncio.Task[str], seconds: float) -> bool:
    """Whether a task ends in time. Who is cancelled meanwhile takes the task along."""
    try:
        done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds))
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    return bool(done)
