"""Samples as the hub takes them."""

from __future__ import annotations

from typing import Any

from homeroom.history.sample import Disk, LabUse, Sample
from homeroom.spawner.outcomes import MemoryKill, Outcome

NOW = 1_790_000_000.0
DISK = Disk(size_bytes=1000, free_bytes=400)
DAY = 86400


def use(person: str = "ada", **values: Any) -> LabUse:
    """A minute of a lab that has one CPU busy for half of it."""
    given: dict[str, Any] = {"groups": ("biology",), "profile": "standard", "image": "lab", "lab_seconds": 60.0}
    given |= {"cpu_seconds": 30.0, "memory_bytes": 2**30, "gpus": 0}
    return LabUse(person=person, **(given | values))


def sample(*labs: LabUse, at: float = NOW, **values: Any) -> Sample:
    """A minute in which these labs ran."""
    return Sample(at=at, seconds=60.0, labs=labs, **values)


READY = Outcome(waited_seconds=20.0, took_seconds=22.0)
FAILED = Outcome(waited_seconds=5.0, took_seconds=65.0, failure="timeout")
KILL = MemoryKill()
