"""GPUQueue: those who wait for a GPU, in the order in which they came."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Protocol

from homeroom.gpus.leases import Lease, Unavailable
from homeroom.queue.resources import Estimate, Key
from homeroom.texts.said import say

RECHECK_SECONDS = 1.0


class Pool(Protocol):
    """What is waited for: `homeroom.gpus.pool.GPUPool`, which says what each of these does."""

    def next_free_seconds(self, count: int = 1) -> float | None: ...

    def refusal(self, user: str, server: str, count: int) -> Unavailable | None: ...

    async def lease(self, user: str, server: str, count: int, *, max_age_seconds: float = 0) -> Lease: ...


@dataclass(eq=False)
class QueueEntry:
    """One user's wait in this queue.

    :param count: the GPUs that their lab needs.
    """

    key: Key
    count: int
    since: float = field(default_factory=time.monotonic)
    first: asyncio.Event = field(default_factory=asyncio.Event)


class GPUQueue:
    """The queue for a pool, apart from the one for memory: a lab without GPUs does not wait behind those with GPUs.

    Strictly in order, as that one is: a lab with one GPU does not overtake one with two, or that would wait for ever.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: list[QueueEntry] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def position(self, key: Key) -> int:
        """A lab's position in the queue, 1 being next; 0: it does not wait."""
        return next((index for index, entry in enumerate(self._waiting, start=1) if entry.key == key), 0)

    @property
    def waits_seconds(self) -> list[float]:
        """How long each lab in the queue has waited so far, the next one first."""
        now = time.monotonic()
        return [now - entry.since for entry in self._waiting]

    def estimate(self, count: int, key: Key | None = None) -> Estimate:
        """When there will be `count` GPUs: for the lab that waits under `key`, else at the end of the queue.

        It goes by the maximum ages of the labs that hold GPUs; where they have none, it is unknown.
        """
        position = self.position(key) if key else 0
        ahead = self._waiting[: position - 1] if position else self._waiting
        when = self._pool.next_free_seconds(count + sum(entry.count for entry in ahead))
        return Estimate(latest_seconds=None if when is None else max(0.0, when - time.time()))

    async def lease(self, key: Key, count: int, timeout_seconds: float, *, max_age_seconds: float = 0) -> Lease:
        """Wait until this lab is first and its GPUs are free, then lease them.

        :param max_age_seconds: as `GPUPool.lease` takes it.
        :raises Unavailable: they did not fall free in time; or waiting is of no use, and then at once.
        """
        entry = QueueEntry(key, count)
        deadline = time.monotonic() + timeout_seconds
        self._waiting.append(entry)
        try:
            while True:
                refusal = await self._try(entry, max_age_seconds)
                if isinstance(refusal, Lease):
                    return refusal
                if refusal.reason != "taken" or time.monotonic() >= deadline:
                    raise refusal
                await self._wait(entry)
        finally:
            self._waiting.remove(entry)
            if self._waiting:
                self._waiting[0].first.set()

    async def _try(self, entry: QueueEntry, max_age_seconds: float) -> Lease | Unavailable:
        """The lease, for the first in the queue; else why there is none yet."""
        if entry is not self._waiting[0]:
            refusal = self._pool.refusal(*entry.key, entry.count)
            return refusal or Unavailable(say("no_lab.gpus_queue"), reason="taken")
        try:
            return await self._pool.lease(*entry.key, entry.count, max_age_seconds=max_age_seconds)
        except Unavailable as refusal:
            return refusal

    async def _wait(self, entry: QueueEntry) -> None:
        entry.first.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECHECK_SECONDS):
                await entry.first.wait()
