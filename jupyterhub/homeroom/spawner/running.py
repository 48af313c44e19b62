"""The labs whose containers are there: read from the containers' labels and what the hub's database knows of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from homeroom.contract.labels import CPUS_LABEL, IDLE_LABEL, MAX_AGE_LABEL, MEMORY_LABEL, SERVER_LABEL, USER_LABEL
from homeroom.queue.resources import Key, Resources, Running

STATES = ("created", "running", "paused")
"""States of a container in which it holds its memory, or is about to. Labs are never restarted by the engine, and
Podman refuses to look for a state that it does not know."""
ORPHAN_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A lab that runs, starts or stops, as far as the hub's database knows.

    :param last_activity: UTC, without a time zone, as the database has it.
    :param held_until: until then it is not stopped for being idle, in seconds since the epoch.
    """

    key: Key
    container_id: str | None = None
    last_activity: datetime | None = None
    held_until: float = 0.0


def running(containers: Sequence[Mapping[str, Any]], recorded: Collection[Recorded]) -> dict[Key, Running]:
    """What each container has reserved and when it ends; `containers` as the engine lists them."""
    activity = {lab.key: lab.last_activity for lab in recorded if lab.last_activity}
    held = {lab.key: lab.held_until for lab in recorded}
    found = {}
    for container in containers:
        labels, key = container["Labels"], key_of(container)
        used = activity.get(key)
        found[key] = Running(
            resources=Resources(memory_bytes=int(labels.get(MEMORY_LABEL, 0)), cpus=float(labels.get(CPUS_LABEL, 0))),
            started=float(container.get("Created", 0)),
            last_activity=used.replace(tzinfo=UTC).timestamp() if used else None,
            idle_seconds=int(labels.get(IDLE_LABEL, 0)),
            max_age_seconds=int(labels.get(MAX_AGE_LABEL, 0)),
            held_until=held.get(key, 0.0),
        )
    return found


def key_of(container: Mapping[str, Any]) -> Key:
    """Whose lab a container is."""
    labels = container["Labels"]
    return labels[USER_LABEL], labels.get(SERVER_LABEL, "")


def orphans(
    containers: Sequence[Mapping[str, Any]], recorded: Collection[Recorded], now: float
) -> list[Mapping[str, Any]]:
    """Containers of no lab that the hub knows: it was killed while they started, and no route leads there.

    A user who was renamed keeps their lab: it is known by its container then.
    """
    active = {lab.key for lab in recorded}
    ids = {lab.container_id for lab in recorded}
    return [
        container
        for container in containers
        if key_of(container) not in active
        and container["Id"] not in ids
        and now - float(container.get("Created", now)) >= ORPHAN_SECONDS
    ]
