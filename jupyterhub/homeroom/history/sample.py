"""Sample: what is measured at one moment, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from homeroom.spawner.outcomes import MemoryKill, Outcome


@dataclass(frozen=True, kw_only=True)
class LabUse:
    """What one lab has used since the sample before.

    :param groups: of its user, at this moment.
    :param room: the room that it is; empty: it is none.
    :param is_opened: whether it was started since the sample before.
    :param is_used: whether it was used in the last minutes.
    :param cpu_seconds: seconds of one CPU.
    """

    person: str
    groups: tuple[str, ...] = ()
    profile: str = ""
    image: str = ""
    lab_seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory_bytes: int = 0
    gpus: int = 0
    room: str = ""
    is_opened: bool = False
    is_used: bool = False


@dataclass(frozen=True, kw_only=True)
class Room:
    """What all labs may take, and what is reserved of it; None: there is no limit.

    :param places: how many more labs of the default profile fit.
    """

    memory_bytes: int | None = None
    cpus: float | None = None
    reserved_memory_bytes: int = 0
    reserved_cpus: float = 0.0
    gpus: int = 0
    free_gpus: int = 0
    places: int | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """All of it.

    :param at: seconds since the epoch.
    :param seconds: how long it stands for: since the sample before.
    :param people: whose labs were used in the last minutes.
    :param waits_seconds: how long each lab in a queue has waited so far.
    :param homes: bytes in the homes of which a lab has told.
    """

    at: float
    seconds: float
    labs: Sequence[LabUse] = ()
    people: int = 0
    waits_seconds: Sequence[float] = ()
    gpu_waits_seconds: Sequence[float] = ()
    room: Room = field(default_factory=Room)
    homes: Mapping[str, int] = field(default_factory=dict)
    outcomes: Sequence[Outcome | MemoryKill] = ()

    @property
    def starts(self) -> list[Outcome]:
        """What became of each lab that was started."""
        return [one for one in self.outcomes if isinstance(one, Outcome)]

    @property
    def memory_bytes(self) -> int:
        """What all labs take."""
        return sum(one.memory_bytes for one in self.labs)

    @property
    def cpus(self) -> float | None:
        """How many CPUs all labs kept busy; None where it stands for no time."""
        return sum(one.cpu_seconds for one in self.labs) / self.seconds if self.seconds else None


@dataclass(frozen=True, kw_only=True)
class Disk:
    """The disk under the history, which is the one under homes and accounts where these are volumes of the engine."""

    size_bytes: int
    free_bytes: int


def gauges(sample: Sample, disk: Disk, homes_bytes: int) -> dict[str, float]:
    """What is there at this moment, by the names of the history's columns."""
    return {
        "labs": len(sample.labs),
        "people": sample.people,
        "memory_bytes": sample.memory_bytes,
        "cpus": sample.cpus or 0.0,
        "gpus": sum(one.gpus for one in sample.labs),
        "waiting": len(sample.waits_seconds) + len(sample.gpu_waits_seconds),
        "disk_used_bytes": disk.size_bytes - disk.free_bytes,
        "homes_bytes": homes_bytes,
    }


def sums(sample: Sample) -> dict[str, float]:
    """What has happened since the sample before, by the names of the history's columns."""
    starts = sample.starts
    ready = [one for one in starts if not one.failure]
    return {
        "starts": len(ready),
        "failed_starts": len(starts) - len(ready),
        "memory_kills": len(sample.outcomes) - len(starts),
        "wait_seconds": sum(one.waited_seconds for one in ready),
        "ready_seconds": sum(one.took_seconds for one in ready),
    }


def longest(sample: Sample) -> dict[str, float]:
    """The worst since the sample before, by the names of the history's columns."""
    ready = [one for one in sample.starts if not one.failure]
    return {
        "longest_wait_seconds": max([*(one.waited_seconds for one in ready), *sample.waits_seconds], default=0.0),
        "longest_ready_seconds": max((one.took_seconds for one in ready), default=0.0),
    }
