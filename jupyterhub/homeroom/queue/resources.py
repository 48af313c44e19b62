"""Resources: what labs take of the machine, whose lab can start now, and when the next one can. All pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

Key = tuple[str, str]
"""A user's name and the name of their server; the default server's is empty."""

NO_END = 2**62
"""What all labs together may reserve where there is no limit."""
QUIET_SECONDS = 600.0
"""A lab that was not used for this long is likely to be culled; before that, its user is likely thinking."""


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Memory and CPUs: of one lab, of all labs, or of the machine."""

    memory_bytes: int
    cpus: float

    @classmethod
    def capacity(cls, memory_bytes: int, cpus: float) -> Resources:
        """What all labs together may reserve; 0 is no limit."""
        return cls(memory_bytes=memory_bytes or NO_END, cpus=cpus or float(NO_END))

    def __add__(self, other: Resources) -> Resources:
        return Resources(memory_bytes=self.memory_bytes + other.memory_bytes, cpus=self.cpus + other.cpus)

    def fits(self, capacity: Resources) -> bool:
        """Whether this is within a capacity."""
        return self.memory_bytes <= capacity.memory_bytes and self.cpus <= capacity.cpus + 1e-9

    def beyond(self, capacity: Resources) -> Resources:
        """By how much this is more than a capacity."""
        return Resources(
            memory_bytes=max(0, self.memory_bytes - capacity.memory_bytes), cpus=max(0.0, self.cpus - capacity.cpus)
        )

    def short(self, capacity: Resources) -> list[str]:
        """What a capacity has too little of for this, in words for a user; empty where this fits."""
        over = self.beyond(capacity)
        return [*(["memory"] if over.memory_bytes else []), *(["cpus"] if over.cpus > 1e-9 else [])]


NOTHING = Resources(memory_bytes=0, cpus=0.0)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A lab whose container is there. Times are seconds since the epoch.

    :param last_activity: when it was last used, as far as the hub knows; None: unknown.
    :param idle_seconds: not used for this long, it is stopped; 0: never.
    :param max_age_seconds: running for this long, it is stopped; 0: never.
    :param held_until: until then it is not stopped for being idle.
    """

    resources: Resources
    started: float = 0.0
    last_activity: float | None = None
    idle_seconds: int = 0
    max_age_seconds: int = 0
    held_until: float = 0.0

    def sure_end(self) -> float | None:
        """When it ends at the latest; None: unknown."""
        return self.started + self.max_age_seconds if self.max_age_seconds else None

    def likely_end(self, now: float) -> float | None:
        """When it ends unless its user comes back; None where it is in use, or never stopped for being idle."""
        sure, used = self.sure_end(), self.last_activity
        if not self.idle_seconds or used is None or now - used < QUIET_SECONDS:
            return sure
        idle_at = max(used + self.idle_seconds, self.held_until)
        return idle_at if sure is None else min(sure, idle_at)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How long until a lab can start, in seconds from now.

    :param latest_seconds: at the latest; None: unknown.
    :param likely_seconds: if users who are away stay away; None: that makes no difference.
    """

    latest_seconds: float | None = None
    likely_seconds: float | None = None


def total(parts: Collection[Resources]) -> Resources:
    """The sum of some resources."""
    return sum(parts, NOTHING)


def left_beside(capacity: Resources, aside: Resources, taken: Resources) -> Resources:
    """What other labs may have of a capacity of which some is set aside.

    :param taken: what those have already for whom it is set aside, which counts as any lab's.
    """
    kept = aside.beyond(taken)
    return Resources(memory_bytes=capacity.memory_bytes - kept.memory_bytes, cpus=capacity.cpus - kept.cpus)


def count_that_fit(waiting: Sequence[Resources], used: Resources, limits: Sequence[Resources]) -> int:
    """How many from the head of the queue can start now.

    Strictly in order: a small lab does not overtake a large one, or the large one would wait for ever.

    :param limits: for each what may be reserved once it is there.
    """
    served = 0
    for resources, limit in zip(waiting, limits, strict=True):
        used = used + resources
        if not used.fits(limit):
            break
        served += 1
    return served


def choose_evictions(prewarmed: Sequence[tuple[Key, Resources]], missing: Resources) -> list[Key]:
    """Which prewarmed labs to stop for a user in the queue: the first few that free enough.

    None where all of them together do not free enough: stopping them would help nobody.
    """
    going: list[Key] = []
    freed = NOTHING
    for key, resources in prewarmed:
        if missing.fits(freed):
            break
        going.append(key)
        freed = freed + resources
    return going if missing.fits(freed) else []


def estimate(
    resources: Resources, before: Resources, running: Collection[Running], capacity: Resources, now: float
) -> Estimate:
    """When a lab with `resources` can start, after those in the queue, who take `before` and are assumed to stay."""
    latest = _fits_at(resources + before, [(one.resources, one.sure_end()) for one in running], capacity, now)
    likely = _fits_at(resources + before, [(one.resources, one.likely_end(now)) for one in running], capacity, now)
    return Estimate(latest_seconds=latest, likely_seconds=likely if likely != latest else None)


def _fits_at(
    resources: Resources, ends: Sequence[tuple[Resources, float | None]], capacity: Resources, now: float
) -> float | None:
    """Seconds until enough labs have ended; None where the known ends do not free enough."""
    left = [one for one, end in ends if end is None]
    going = sorted(((end, one) for one, end in ends if end is not None), key=lambda pair: pair[0])
    passed = now
    while not (resources + total([*left, *(one for _, one in going)])).fits(capacity):
        if not going:
            return None
        passed = max(passed, going.pop(0)[0])
    return passed - now
