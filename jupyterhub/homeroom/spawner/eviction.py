"""Prewarmed labs that were not opened are stopped when a user waits in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from homeroom.culling.lab_prewarm import LabPrewarm
from homeroom.queue.resources import Key, Resources, Running, choose_evictions
from homeroom.spawner.retrying import RetryingSpawner


class Lab(Protocol):
    """What is to be known of a lab here: `LabSpawner`, which says what each of these is."""

    prewarm: LabPrewarm

    @property
    def key(self) -> Key: ...

    @property
    def ready(self) -> bool: ...

    async def evict(self) -> None: ...


async def evict(labs: Iterable[Lab], seen: Mapping[Key, Running], missing: Resources) -> bool:
    """Stop prewarmed labs, those of the latest lesson first, for a user in the queue.

    :param labs: all of the hub.
    :param seen: what their containers have reserved.
    :param missing: what is missing for the first in the queue.
    :returns: whether any was stopped.
    """
    prewarmed = {lab.key: lab for lab in labs if lab.ready and lab.prewarm.prewarmed}
    ordered = sorted(prewarmed, key=lambda key: _lesson_at(prewarmed[key]), reverse=True)
    going = choose_evictions([(key, seen[key].resources) for key in ordered if key in seen], missing)
    await asyncio.gather(*(prewarmed[key].evict() for key in going))
    return bool(going)


def _lesson_at(lab: Lab) -> float:
    lab_state = lab.prewarm.lab_state
    return lab_state.lesson_at if lab_state else 0.0


async def stop(lab: RetryingSpawner) -> None:
    """Stop a running lab from within the hub, as the hub's own pages do."""
    lab.log.info("Stopping the prewarmed lab of %s: a user waits in the queue", lab.user.name)
    lab._stop_pending = True
    try:
        await lab.user.settings["proxy"].delete_user(lab.user, lab.name)
        await lab.user.stop(lab.name)
    finally:
        lab._stop_pending = False
