"""Measures what labs use, on the hub's loop and without keeping it: what pages and the queue know is asked again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jupyterhub.app import JupyterHub

from homeroom.gpus.pool import GPUPool
from homeroom.history.sample import LabUse, Room, Sample
from homeroom.labs.choice import labs_that_fit
from homeroom.labs.plan import groups_of
from homeroom.queue.resources import NOTHING, Resources
from homeroom.rooms.room import name_of
from homeroom.spawner.lab import LabSpawner
from homeroom.spawner.memory_use import Memory
from homeroom.spawner.outcomes import MemoryKill, Outcome
from homeroom.storage.home_use import told

ACTIVE_SECONDS = 600.0
"""Labs tell every five minutes at least when they were last used."""
ASKING_SECONDS = 20.0
"""How long the engine is asked for single labs; of the others only that they run is counted then."""


@dataclass
class Measuring:
    """Measures again and again: what a lab has computed is the difference of two moments.

    :param traits: a spawner without a lab, for what is configured.
    """

    hub: JupyterHub
    traits: LabSpawner
    outcomes: list[Outcome | MemoryKill] = field(default_factory=list)
    """What has happened since the last sample; whoever counts it adds to it."""
    _since: float = field(default_factory=time.time)
    _last_at: float = 0.0
    _seen: dict[str, Memory] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    async def sample(self, most_seconds: float) -> Sample:
        """What there is now.

        :param most_seconds: what a sample may stand for at most: the machine may have slept since the last one.
        """
        now = time.monotonic()
        seconds = min(now - self._last_at, most_seconds) if self._last_at else 0.0
        self._last_at = now
        labs = list(self._labs())
        figures = {lab: await self._figures(lab, now + ASKING_SECONDS) for lab in labs if lab.ready}
        used = [self._use(lab, figure, seconds) for lab, figure in figures.items()]
        self._known = {lab.object_id for lab in figures}
        room = await self._room(labs)
        self._seen = {lab.object_id: figure for lab, figure in figures.items() if figure}
        return Sample(
            at=time.time(),
            seconds=seconds,
            labs=used,
            people=len({lab.user.name for lab in figures if _is_in_use(lab) and not lab.is_shared}),
            waits_seconds=tuple(labs[0].start_queue.waits_seconds) if labs else (),
            gpu_waits_seconds=tuple(labs[0].gpu_pool.queue.waits_seconds) if labs else (),
            room=room,
            homes={user.name: size for user in self.hub.users.values() if (size := told(user)) is not None},
            outcomes=self._taken_outcomes(),
        )

    def _labs(self) -> Iterator[LabSpawner]:
        for user in list(self.hub.users.values()):
            yield from (lab for lab in user.spawners.values() if isinstance(lab, LabSpawner))

    async def _figures(self, lab: LabSpawner, until: float) -> Memory | None:
        """What the engine says of a lab; what it said last where it does not answer in time."""
        found = await lab.memory_use.now() if time.monotonic() < until else None
        return found or self._seen.get(lab.object_id)

    def _use(self, lab: LabSpawner, figure: Memory | None, seconds: float) -> LabUse:
        state = lab.kept.lab_state
        profile = state.profile if state else ""
        images = [str(one["image"]) for one in lab.profiles if one["name"] == profile]
        return LabUse(
            person="" if lab.is_shared else lab.user.name,
            groups=tuple(groups_of(lab.person, lab.groups)),
            profile=profile,
            image=images[0] if images else "",
            lab_seconds=seconds,
            cpu_seconds=self._computed(lab, figure),
            memory_bytes=figure.used_bytes if figure else 0,
            gpus=state.gpus if state else 0,
            room=name_of(lab.user.name),
            is_opened=lab.object_id not in self._known and lab.time.started_at > self._since,
            is_used=_is_in_use(lab),
        )

    def _computed(self, lab: LabSpawner, figure: Memory | None) -> float:
        """What a lab has computed since it was last looked at. Of one that ran before the hub did, nothing is known at
        first."""
        if figure is None:
            return 0.0
        if before := self._seen.get(lab.object_id):
            return max(0.0, figure.cpu_seconds - before.cpu_seconds)
        return figure.cpu_seconds if lab.time.started_at > self._since else 0.0

    async def _room(self, labs: list[LabSpawner]) -> Room:
        """What there is for all labs; the engine is asked where a lab could have something of it."""
        memory, cpus = self.traits.total_lab_memory_bytes, self.traits.total_lab_cpus
        used = await labs[0].start_queue.used() if labs else NOTHING
        pool = labs[0].gpu_pool if labs else GPUPool.instance(config=self.hub.config)
        if labs and pool.gpus:
            await pool.refresh()
        return Room(
            memory_bytes=memory or None,
            cpus=cpus or None,
            reserved_memory_bytes=used.memory_bytes,
            reserved_cpus=used.cpus,
            gpus=sum(device.slots for device in pool.ledger.devices.values()),
            free_gpus=sum(pool.free().values()),
            places=places(self.traits.profiles, memory, cpus, used),
        )

    def _taken_outcomes(self) -> tuple[Outcome | MemoryKill, ...]:
        found = tuple(self.outcomes)
        self.outcomes.clear()
        return found


def places(profiles: Any, memory_bytes: int, cpus: float, used: Resources) -> int | None:
    """How many more labs of the default profile fit; None: there is no limit.

    :param memory_bytes: what all labs may have, and `cpus`: 0: there is no limit.
    """
    if not profiles or not (memory_bytes or cpus):
        return None
    one = Resources(memory_bytes=profiles[0]["memory_bytes"], cpus=profiles[0]["cpus"])
    return labs_that_fit(one, used, Resources.capacity(memory_bytes, cpus))


def _is_in_use(lab: LabSpawner) -> bool:
    return time.time() - lab.time.used_at < ACTIVE_SECONDS
