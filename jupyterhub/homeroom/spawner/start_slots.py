"""StartSlots: how many labs may be starting at a time, and how long one start may keep the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class StartSlots:
    """Hands out slots in the order of asking.

    A slot is the time in which a start needs the CPUs. It ends after `slot_seconds` at the latest, whether the start is
    over or not: one that hangs goes on beside the others. A user whose start did not end within its slot, nor succeed
    later, has the next slot from a queue apart, one at a time, until a start of theirs succeeds: what they left in
    their home makes other users wait once, not twice.
    """

    def __init__(self, at_once: int, slot_seconds: float) -> None:
        self._all = asyncio.Semaphore(at_once)
        self._late = asyncio.Semaphore(1)
        self._slot_seconds = slot_seconds
        self._late_people: set[str] = set()

    def taken(self, person: str) -> bool:
        """Whether a user has to wait for a slot now."""
        return self._slots_of(person).locked()

    async def take(self, person: str, start: Callable[[], Coroutine[Any, Any, str]], timeout_seconds: float) -> str:
        """Wait for a slot, then start; returns what the start does.

        :param timeout_seconds: how long the start may take, from its slot on.
        :raises TimeoutError: it took longer, and was ended.
        """
        loop = asyncio.get_running_loop()
        async with self._slots_of(person):
            until = loop.time() + timeout_seconds
            starting = asyncio.create_task(start())
            in_time = await _wait(starting, min(self._slot_seconds, timeout_seconds))
        if not in_time:
            self._late_people.add(person)
        if not await _wait(starting, until - loop.time()):
            starting.cancel()
            await asyncio.wait({starting})
            if starting.cancelled():
                raise TimeoutError
        address = starting.result()
        self._late_people.discard(person)
        return address

    def _slots_of(self, person: str) -> asyncio.Semaphore:
        return self._late if person in self._late_people else self._all


async def _wait(task: asyncio.Task[str], seconds: float) -> bool:
    """Whether a task ends in time. Cancelling this cancels the task."""
    try:
        done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds))
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait({task})
        raise
    return bool(done)
