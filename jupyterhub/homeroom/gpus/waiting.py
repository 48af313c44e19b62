"""GPULine: those who wait for a GPU, in the order in which they came."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Protocol

from homeroom.gpus.leases import Lease, Unavailable
from homeroom.queue.needs import Estimate, Key

RECHECK_SECONDS = 1.0


class Pool(Protocol):
    """What is waited for: `homeroom.gpus.pool.GPUPool`, which says what each of these does."""

    def next_free_seconds(self, count: int = 1) -> float | None: ...

    def refusal(self, user: str, server: str, count: int) -> Unavailable | None: ...

    async def lease(self, user: str, server: str, count: int, *, longest_seconds: float = 0) -> Lease: ...


@dataclass(eq=False)
class Ticket:
    """Somebody's place in this line.

    :param count: the GPUs that their lab needs.
    """

    key: Key
    count: int
    first: asyncio.Event = field(default_factory=asyncio.Event)


class GPULine:
    """The line before a pool, apart from the one for memory: who needs no GPU does not wait behind those who do.

    Strictly in order, as that one is: a lab with one GPU does not overtake one with two, or that would wait for ever.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._waiting: list[Ticket] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def position(self, key: Key) -> int:
        """Somebody's position in line, 1 being next; 0 for who does not wait."""
        return next((index for index, ticket in enumerate(self._waiting, start=1) if ticket.key == key), 0)

    def estimate(self, count: int, key: Key | None = None) -> Estimate:
        """When there will be `count` GPUs: for who waits under `key`, else at the end of the line.

        It goes by the longest runs of the labs that hold GPUs; where they have none, nobody can tell.
        """
        position = self.position(key) if key else 0
        ahead = self._waiting[: position - 1] if position else self._waiting
        when = self._pool.next_free_seconds(count + sum(ticket.count for ticket in ahead))
        return Estimate(latest_seconds=None if when is None else max(0.0, when - time.time()))

    async def lease(self, key: Key, count: int, timeout_seconds: float, *, longest_seconds: float = 0) -> Lease:
        """Wait until it is this lab's turn and its GPUs are free, then lease them.

        :param longest_seconds: as `GPUPool.lease` takes it.
        :raises Unavailable: they did not fall free in time; or waiting is of no use, and then at once.
        """
        ticket = Ticket(key, count)
        deadline = time.monotonic() + timeout_seconds
        self._waiting.append(ticket)
        try:
            while True:
                refusal = await self._try(ticket, longest_seconds)
                if isinstance(refusal, Lease):
                    return refusal
                if refusal.reason != "taken" or time.monotonic() >= deadline:
                    raise refusal
                await self._wait(ticket)
        finally:
            self._waiting.remove(ticket)
            if self._waiting:
                self._waiting[0].first.set()

    async def _try(self, ticket: Ticket, longest_seconds: float) -> Lease | Unavailable:
        """The lease, for the first in line; else why there is none yet."""
        if ticket is not self._waiting[0]:
            refusal = self._pool.refusal(*ticket.key, ticket.count)
            return refusal or Unavailable("All GPUs are taken, and others were first in line.", reason="taken")
        try:
            return await self._pool.lease(*ticket.key, ticket.count, longest_seconds=longest_seconds)
        except Unavailable as refusal:
            return refusal

    async def _wait(self, ticket: Ticket) -> None:
        ticket.first.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RECHECK_SECONDS):
                await ticket.first.wait()
