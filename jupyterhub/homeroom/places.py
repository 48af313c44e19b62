"""Places: what all labs together may be promised, who has it, and who waits in line for it.

The pure part (`Need`, `first_served`) decides on plain numbers. `Places` keeps the line in the hub; who runs is never
remembered here but read from the containers' labels each time, so a hub that was restarted or killed counts right.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

Key = tuple[str, str]
"""A person's name and the name of their server; the default one's is empty."""

RECHECK_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one lab needs, or what all have."""

    memory_bytes: int
    cpus: float

    def __add__(self, other: Need) -> Need:
        return Need(memory_bytes=self.memory_bytes + other.memory_bytes, cpus=self.cpus + other.cpus)

    def fits(self, budget: Need) -> bool:
        """Whether this is within a budget."""
        return self.memory_bytes <= budget.memory_bytes and self.cpus <= budget.cpus + 1e-9


NOTHING = Need(memory_bytes=0, cpus=0.0)


def total(needs: Collection[Need]) -> Need:
    """All of them together."""
    return sum(needs, NOTHING)


def first_served(waiting: list[Need], used: Need, budget: Need) -> int:
    """How many from the head of the line can be served now.

    Strictly in order: a small lab does not overtake a large one, or the large one would wait for ever.
    """
    served = 0
    for need in waiting:
        used = used + need
        if not used.fits(budget):
            break
        served += 1
    return served


@dataclass
class Ticket:
    """Somebody's place in line."""

    key: Key
    need: Need
    since: float = field(default_factory=time.monotonic)
    served: asyncio.Event = field(default_factory=asyncio.Event)


class Full(Exception):
    """There is no place, and there will not be one in time."""


class Places:
    """The line before the machine's memory and CPUs.

    :param budget: what all labs together may be promised.
    :param running: tells the needs of the labs whose containers are there, by key; asked anew each time.
    """

    def __init__(self, budget: Need, running: Callable[[], Awaitable[Mapping[Key, Need]]]) -> None:
        self.budget = budget
        self._running = running
        self._waiting: list[Ticket] = []
        self._reserved: dict[Key, Need] = {}
        self._lock = asyncio.Lock()

    def position(self, key: Key) -> int:
        """Somebody's position in line, 1 being next; 0 for who does not wait."""
        return next((index for index, ticket in enumerate(self._waiting, start=1) if ticket.key == key), 0)

    async def used(self) -> Need:
        """What is promised: to labs whose containers are there, and to those about to be made."""
        running = await self._running()
        return total([*running.values(), *(need for key, need in self._reserved.items() if key not in running)])

    async def wait_for(self, key: Key, need: Need, timeout_seconds: float) -> None:
        """Return when there is a place for this lab, which is then reserved until `release`.

        :raises Full: there was none in time, or the lab is larger than all places together.
        """
        if not need.fits(self.budget):
            raise Full("This lab is larger than all that labs may have on this machine. Please choose a smaller one.")
        ticket = Ticket(key, need)
        self._waiting.append(ticket)
        deadline = ticket.since + timeout_seconds
        try:
            while not ticket.served.is_set():
                await self._serve()
                if ticket.served.is_set():
                    return
                if time.monotonic() >= deadline:
                    raise Full("All places are taken, and none fell free in time. Please try again later.")
                try:
                    await asyncio.wait_for(ticket.served.wait(), RECHECK_SECONDS)
                except TimeoutError:
                    continue
        except BaseException:
            self._reserved.pop(key, None)
            raise
        finally:
            if ticket in self._waiting:
                self._waiting.remove(ticket)

    async def _serve(self) -> None:
        """Serve the head of the line as far as there is room."""
        async with self._lock:
            used = await self.used()
            count = first_served([ticket.need for ticket in self._waiting], used, self.budget)
            for ticket in self._waiting[:count]:
                self._reserved[ticket.key] = ticket.need
                ticket.served.set()
            del self._waiting[:count]

    def release(self, key: Key) -> None:
        """Forget the reservation: the container is there and counts by itself, or it never came to be."""
        self._reserved.pop(key, None)
