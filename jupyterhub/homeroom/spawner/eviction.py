"""Labs that nobody has opened yet are stopped where somebody stands in line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from homeroom.culling.prewarmed import Prewarmed
from homeroom.queue.needs import Key, Need, Running, who_gives_way
from homeroom.spawner.retrying import RetryingSpawner


class Lab(Protocol):
    """What is to be known of a lab here: `LabSpawner`, which says what each of these is."""

    prewarmed: Prewarmed

    @property
    def key(self) -> Key: ...

    @property
    def ready(self) -> bool: ...

    async def give_up(self) -> None: ...


async def make_room(labs: Iterable[Lab], seen: Mapping[Key, Running], missing: Need) -> bool:
    """Stop labs that nobody has opened yet, those of the latest lesson first, for somebody who stands in line.

    :param labs: all of the hub.
    :param seen: what their containers were promised.
    :param missing: what is missing for the first in line.
    :returns: whether room was made.
    """
    unopened = {lab.key: lab for lab in labs if lab.ready and lab.prewarmed.unopened}
    ordered = sorted(unopened, key=lambda key: _lesson_at(unopened[key]), reverse=True)
    going = who_gives_way([(key, seen[key].need) for key in ordered if key in seen], missing)
    await asyncio.gather(*(unopened[key].give_up() for key in going))
    return bool(going)


def _lesson_at(lab: Lab) -> float:
    facts = lab.prewarmed.facts
    return facts.lesson_at if facts else 0.0


async def give_up(lab: RetryingSpawner) -> None:
    """Stop a running lab from within the hub, as the hub's own pages do."""
    lab.log.info("Stopping the lab of %s, which nobody opened: somebody waits for a place", lab.user.name)
    lab._stop_pending = True
    try:
        await lab.user.settings["proxy"].delete_user(lab.user, lab.name)
        await lab.user.stop(lab.name)
    finally:
        lab._stop_pending = False
