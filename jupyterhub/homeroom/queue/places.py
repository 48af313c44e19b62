"""Places: what all labs together may be promised, who has it, and who waits in line for it.

`Places` keeps the line in the hub; what it decides is in `homeroom.queue.needs`. Who runs is never remembered here but
read from the containers' labels each time, so a hub that was restarted or killed counts right.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from homeroom.queue.needs import Estimate, Key, Need, Running, estimate, first_served, total

RECHECK_SECONDS = 1.0
LARGER = "This lab is larger than all that labs may have on this machine"

log = logging.getLogger(__name__)

AskRunning = Callable[[], Awaitable[Mapping[Key, Running]]]
"""Tells the labs whose containers are there, by key."""


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
    :param running: tells the labs whose containers are there, by key; asked anew each time.
    :param make_room: stops labs that nobody has opened yet, where that frees what is missing; tells whether it did.
    :param remove_orphans: removes containers that hold a place for nobody, then tells as `running` does; asked before
        somebody is given a place. None: nothing is removed.
    """

    def __init__(
        self,
        budget: Need,
        running: AskRunning,
        make_room: Callable[[Need], Awaitable[bool]] | None = None,
        remove_orphans: AskRunning | None = None,
    ) -> None:
        self.budget = budget
        self.seen: Mapping[Key, Running] = {}  # what was there when it was last looked
        self._running = running
        self._make_room = make_room
        self._remove_orphans = remove_orphans or running
        self._waiting: list[Ticket] = []
        self._reserved: dict[Key, Need] = {}
        self._lock = asyncio.Lock()

    def position(self, key: Key) -> int:
        """Somebody's position in line, 1 being next; 0 for who does not wait."""
        return next((index for index, ticket in enumerate(self._waiting, start=1) if ticket.key == key), 0)

    async def used(self) -> Need:
        """What is promised: to labs whose containers are there, and to those about to be made."""
        return await self._used(self._running)

    async def _used(self, ask: AskRunning) -> Need:
        # Who is in neither would be forgotten: a container that came to be while the engine was asked, and whose
        # reservation went before it answered. So those of before the question count too.
        before = dict(self._reserved)
        self.seen = running = await ask()
        reserved = {**before, **self._reserved}
        return total(
            [*(one.need for one in running.values()), *(need for key, need in reserved.items() if key not in running)]
        )

    def estimate(self, need: Need, key: Key | None = None, *, now: float | None = None) -> Estimate:
        """When there will be a place for a need: for who waits under `key`, else at the end of the line.

        It goes by what was there when it was last looked; while somebody waits, that is a second ago.
        """
        before = self._before(key)
        return estimate(need, before, self.seen.values(), self.budget, time.time() if now is None else now)

    def short(self, need: Need, key: Key) -> list[str]:
        """What somebody in line waits for, in their words; as `estimate` it goes by what was last seen."""
        running = total([one.need for one in self.seen.values()])
        return (running + self._before(key) + need).short(self.budget)

    def _before(self, key: Key | None) -> Need:
        """What those need who are in line before somebody, and those whose containers are about to be there."""
        position = self.position(key) if key else 0
        ahead = self._waiting[: position - 1] if position else self._waiting
        starting = [need for one, need in self._reserved.items() if one not in self.seen]
        return total([*(ticket.need for ticket in ahead), *starting])

    async def take(self, key: Key, need: Need) -> bool:
        """Reserve a place for a lab that nobody waits for, until `release`; false where there is none to spare.

        A place is to spare when nobody stands in line and one more of the kind is left for whoever comes next.
        """
        async with self._lock:
            if self._waiting:
                return False
            used = await self._used(self._remove_orphans)
            if self._waiting or not (used + need + need).fits(self.budget):
                return False
            self._reserved[key] = need
            return True

    def keep(self, key: Key) -> None:
        """Reserve what a running lab has for the same one, which is about to begin anew, until `release`.

        It goes by what was there when it was last looked: while somebody else might take it, that is a second ago.
        """
        if key in self.seen:
            self._reserved[key] = self.seen[key].need

    async def wait_for(self, key: Key, need: Need, timeout_seconds: float) -> None:
        """Return when there is a place for this lab, which is then reserved until `release`.

        :raises Full: there was none in time, or the lab is larger than all places together.
        """
        if key in self._reserved and need.fits(self._reserved[key]):  # by `take` or `keep`
            return
        self.release(key)
        if not need.fits(self.budget):
            raise Full(f"{LARGER}. Please choose a smaller one, or tell the administrator.")
        ticket = Ticket(key, need)
        self._waiting.append(ticket)
        deadline = ticket.since + timeout_seconds
        try:
            while not ticket.served.is_set():
                if ticket is self._waiting[0]:  # whoever stands behind cannot be served before
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
        """Serve the head of the line as far as there is room. An engine that does not answer is asked again later."""
        async with self._lock:
            try:
                used = await self._used(self._remove_orphans)
                if await self._give_way(used):
                    used = await self._used(self._remove_orphans)
            except Exception as error:  # of whatever kind: nobody loses their place in line for it
                log.warning("The engine did not tell which labs run: %s", error)
                return
            count = first_served([ticket.need for ticket in self._waiting], used, self.budget)
            for ticket in self._waiting[:count]:
                self._reserved[ticket.key] = ticket.need
                ticket.served.set()
            del self._waiting[:count]

    async def _give_way(self, used: Need) -> bool:
        """Have labs that nobody has opened make room for the first in line who does not fit; whether they did."""
        served = first_served([ticket.need for ticket in self._waiting], used, self.budget)
        if served == len(self._waiting) or self._make_room is None:
            return False
        wanted = used + total([ticket.need for ticket in self._waiting[: served + 1]])
        return await self._make_room(wanted.beyond(self.budget))

    def release(self, key: Key) -> None:
        """Forget the reservation: the container is there and counts by itself, or it never came to be."""
        self._reserved.pop(key, None)
