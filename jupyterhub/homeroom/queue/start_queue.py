"""StartQueue: what all labs together may reserve, which labs have it, and who waits for it.

`StartQueue` keeps the queue in the hub; what it decides is in `homeroom.queue.resources`. Which labs run is never
remembered here but read from the containers' labels each time, so a hub that was restarted or killed counts right.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from homeroom.queue.resources import Estimate, Key, Resources, Running, count_that_fit, estimate, left_beside, total
from homeroom.queue.set_aside import SetAside
from homeroom.texts.said import Said, say

RECHECK_SECONDS = 1.0

log = logging.getLogger(__name__)

AskRunning = Callable[[], Awaitable[Mapping[Key, Running]]]
"""Tells the labs whose containers are there, by key."""


@dataclass
class QueueEntry:
    """One user's wait in the queue."""

    key: Key
    resources: Resources
    since: float = field(default_factory=time.monotonic)
    served: asyncio.Event = field(default_factory=asyncio.Event)


class Full(Exception):
    """There is no capacity for the lab, and there will not be in time."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.english())
        self.said = said


class StartQueue:
    """The queue for the machine's memory and CPUs.

    :param capacity: what all labs together may reserve.
    :param running: tells the labs whose containers are there, by key; asked anew each time.
    :param evict: stops prewarmed labs, where that frees what is missing; tells whether it did.
    :param remove_orphans: removes containers of no lab that the hub knows, then tells as `running` does; asked before
        capacity is reserved. None: nothing is removed.
    :param set_aside: what is kept free for some labs, which come first in the queue, too.
    """

    def __init__(
        self,
        capacity: Resources,
        running: AskRunning,
        evict: Callable[[Resources], Awaitable[bool]] | None = None,
        remove_orphans: AskRunning | None = None,
        set_aside: SetAside | None = None,
    ) -> None:
        self.capacity = capacity
        self._set_aside = set_aside or SetAside()
        self.seen: Mapping[Key, Running] = {}  # what was there when it was last looked
        self._running = running
        self._evict = evict
        self._remove_orphans = remove_orphans or running
        self._waiting: list[QueueEntry] = []
        self._reserved: dict[Key, Resources] = {}
        self._lock = asyncio.Lock()

    def position(self, key: Key) -> int:
        """A lab's position in the queue, 1 being next; 0: it does not wait."""
        return next((index for index, entry in enumerate(self._waiting, start=1) if entry.key == key), 0)

    @property
    def waits_seconds(self) -> list[float]:
        """How long each lab in the queue has waited so far, the next one first."""
        now = time.monotonic()
        return [now - entry.since for entry in self._waiting]

    async def used(self) -> Resources:
        """What is reserved: for labs whose containers are there, and for those about to be made."""
        return await self._used(self._running)

    async def _used(self, ask: AskRunning) -> Resources:
        # Who is in neither would be forgotten: a container that came to be while the engine was asked, and whose
        # reservation went before it answered. So those of before the question count too.
        before = dict(self._reserved)
        self.seen = running = await ask()
        reserved = {**before, **self._reserved}
        return total(
            [
                *(one.resources for one in running.values()),
                *(resources for key, resources in reserved.items() if key not in running),
            ]
        )

    @property
    def capacity_for_others(self) -> Resources:
        """What all labs together may reserve but for what is set aside and not taken, by what was last seen."""
        taken = {key: one.resources for key, one in self.seen.items()} | self._reserved
        taken |= {entry.key: entry.resources for entry in self._waiting}
        own = total([resources for key, resources in taken.items() if self._set_aside.is_for(key)])
        return left_beside(self.capacity, self._set_aside.resources(), own)

    def _limit(self, key: Key | None, resources: Resources) -> Resources:
        """What all labs together may reserve once this one is there."""
        return self._limit_beside(self.capacity_for_others, key, resources)

    def _limit_beside(self, others: Resources, key: Key | None, resources: Resources) -> Resources:
        """As `_limit`; what is left for others is worked out once for a whole queue. What is set aside keeps no lab
        waiting for ever: one that is larger than what is left beside it may have of it."""
        if key is not None and self._set_aside.is_for(key):
            return self.capacity
        return others if resources.fits(others) else self.capacity

    def estimate(self, resources: Resources, key: Key | None = None, *, now: float | None = None) -> Estimate:
        """When a lab with such resources can start: the one that waits under `key`, else one at the end of the queue.

        It goes by what was there when it was last looked; while a lab waits, that is a second ago.
        """
        before = self._before(key)
        limit = self._limit(key, resources)
        return estimate(resources, before, self.seen.values(), limit, time.time() if now is None else now)

    def short(self, resources: Resources, key: Key) -> list[str]:
        """What a lab in the queue waits for, in words for its user; as `estimate` it goes by what was last seen."""
        running = total([one.resources for one in self.seen.values()])
        return (running + self._before(key) + resources).short(self._limit(key, resources))

    def _before(self, key: Key | None) -> Resources:
        """What the labs before this one in the queue take, and those whose containers are about to be there."""
        position = self.position(key) if key else 0
        ahead = self._waiting[: position - 1] if position else self._waiting
        starting = [resources for one, resources in self._reserved.items() if one not in self.seen]
        return total([*(entry.resources for entry in ahead), *starting])

    async def take(self, key: Key, resources: Resources) -> bool:
        """Reserve capacity for a lab that no user waits for, until `release`; false where there is none to spare.

        There is some to spare when the queue is empty and one more lab of this size fits, for the next user.
        """
        async with self._lock:
            if self._waiting:
                return False
            used = await self._used(self._remove_orphans)
            if self._waiting or not (used + resources + resources).fits(self.capacity_for_others):
                return False
            self._reserved[key] = resources
            return True

    def keep(self, key: Key) -> None:
        """Reserve what a running lab has for the same one, which is about to begin anew, until `release`.

        It goes by what was there when it was last looked: while another lab might take it, that is a second ago.
        """
        if key in self.seen:
            self._reserved[key] = self.seen[key].resources

    async def wait_for(self, key: Key, resources: Resources, timeout_seconds: float) -> None:
        """Return when there is capacity for this lab, which is then reserved until `release`.

        :raises Full: there was none in time, or the lab is larger than the whole capacity.
        """
        if key in self._reserved and resources.fits(self._reserved[key]):  # by `take` or `keep`
            return
        self.release(key)
        if not resources.fits(self.capacity):
            raise Full(say("no_lab.too_large"))
        entry = QueueEntry(key, resources)
        ahead = sum(self._set_aside.is_for(each.key) for each in self._waiting)
        self._waiting.insert(ahead if self._set_aside.is_for(key) else len(self._waiting), entry)
        deadline = entry.since + timeout_seconds
        try:
            while not entry.served.is_set():
                if entry is self._waiting[0]:  # those behind cannot start before
                    await self._serve()
                if entry.served.is_set():
                    return
                if time.monotonic() >= deadline:
                    raise Full(say("no_lab.full"))
                try:
                    await asyncio.wait_for(entry.served.wait(), RECHECK_SECONDS)
                except TimeoutError:
                    continue
        except BaseException:
            self._reserved.pop(key, None)
            raise
        finally:
            if entry in self._waiting:
                self._waiting.remove(entry)

    async def _serve(self) -> None:
        """Let the head of the queue start, as far as there is capacity. A silent engine is asked again later."""
        async with self._lock:
            try:
                used = await self._used(self._remove_orphans)
                if await self._evict_for_next(used):
                    used = await self._used(self._remove_orphans)
            except Exception as error:  # of whatever kind: nobody loses their position for it
                log.warning("The engine did not tell which labs run: %s", error)
                return
            count = self._count_that_fit(used)
            for entry in self._waiting[:count]:
                self._reserved[entry.key] = entry.resources
                entry.served.set()
            del self._waiting[:count]

    async def _evict_for_next(self, used: Resources) -> bool:
        """Evict prewarmed labs for the first lab in the queue that does not fit; whether any was evicted."""
        served = self._count_that_fit(used)
        if served == len(self._waiting) or self._evict is None:
            return False
        wanted = used + total([entry.resources for entry in self._waiting[: served + 1]])
        head = self._waiting[served]
        return await self._evict(wanted.beyond(self._limit(head.key, head.resources)))

    def _count_that_fit(self, used: Resources) -> int:
        if not self._waiting:
            return 0
        others = self.capacity_for_others
        limits = [self._limit_beside(others, entry.key, entry.resources) for entry in self._waiting]
        return count_that_fit([entry.resources for entry in self._waiting], used, limits)

    def release(self, key: Key) -> None:
        """Forget the reservation: the container is there and counts by itself, or it never came to be."""
        self._reserved.pop(key, None)
