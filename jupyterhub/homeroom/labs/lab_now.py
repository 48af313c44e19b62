"""What a lab takes and what time it has left, for its user."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from tornado import web

from homeroom.labs import choice
from homeroom.texts.said import Said, say


@dataclass(frozen=True, kw_only=True)
class Use:
    """How much of something is taken.

    :param said: that in words.
    :param limit_bytes: how much there is.
    """

    said: Said
    used_bytes: int
    limit_bytes: int

    @property
    def percent(self) -> int:
        """For a bar; a little more than all is all."""
        return min(100, round(100 * self.used_bytes / self.limit_bytes))


@dataclass(frozen=True, kw_only=True)
class LabNow:
    """What the home page shows of one lab beside its state.

    :param gives: what it has of the machine.
    :param uses: what it takes of that, as far as that is known.
    :param ends: when it ends by itself.
    :param can_be_longer: whether its user may ask for more time.
    """

    gives: tuple[Said, ...] = ()
    uses: tuple[Use, ...] = ()
    ends: tuple[Said, ...] = ()
    can_be_longer: bool = False


async def now_of(spawner: Any) -> LabNow:
    """What is known of a lab; nothing of one that does not run."""
    if not spawner.ready:
        return LabNow()
    used = _memory(await spawner.memory_use.now())
    return LabNow(
        gives=tuple(_gives(spawner, with_memory=used is None)),
        uses=(used,) if used else (),
        ends=tuple(_ends(spawner.time.ends, time.time())),
        can_be_longer=spawner.time.can_be_longer,
    )


def _memory(found: Any) -> Use | None:
    if found is None:
        return None
    used, limit = found.used_bytes, found.limit_bytes
    return Use(said=say("home.memory_used", used=used, limit=limit), used_bytes=used, limit_bytes=limit)


def _gives(spawner: Any, *, with_memory: bool) -> list[Said]:
    try:
        plan = spawner.plan
    except web.HTTPError:  # its profile is no longer theirs: it runs on, as it was started
        return []
    return choice.what_it_gives(plan)[0 if with_memory else 1 : 3 if plan.gpus else 2] + (
        [say("labs.choice.ephemeral")] if plan.ephemeral else []
    )


def _ends(ends: Any, now: float) -> list[Said]:
    """When it ends. What comes later than its sure end is of no interest."""
    found = []
    latest, idle = ends.latest_at, ends.idle_at
    if idle is not None and (latest is None or idle < latest):
        found.append(say("home.idle_left", left=max(0.0, idle - now)))
    if latest is not None:
        found.append(say("home.time_left", left=max(0.0, latest - now)))
    return found


def home_of(spawner: Any, used_bytes: int | None) -> Use | Said | None:
    """What a home takes of what it may take, or the limit alone where that is not known; None: it has no limit."""
    limit = spawner.home_hard_limit or spawner.home_soft_limit
    if not limit:
        return None
    if used_bytes is None:
        return say("home.disk", limit=limit)
    said = say("home.disk_used", used=used_bytes, limit=limit)
    return Use(said=said, used_bytes=used_bytes, limit_bytes=limit)
