"""What labs need of the machine, who can be served, and when there will be a place: decisions on plain numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

Key = tuple[str, str]
"""A person's name and the name of their server; the default one's is empty."""

QUIET_SECONDS = 600.0
"""A lab that nobody used for this long may well be left to the culler; before, its person is likely just thinking."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one lab needs, or what all have."""

    memory_bytes: int
    cpus: float

    def __add__(self, other: Need) -> Need:
        return Need(memory_bytes=self.memory_bytes + other.memory_bytes, cpus=self.cpus + other.cpus)

    def fits(self, budget: Need) -> bool:
        """Whether this is within a budget."""
        return self.memory_bytes <= budget.memory_bytes and self.cpus <= budget.cpus + 1e-9

    def beyond(self, budget: Need) -> Need:
        """By how much this is more than a budget."""
        return Need(
            memory_bytes=max(0, self.memory_bytes - budget.memory_bytes), cpus=max(0.0, self.cpus - budget.cpus)
        )

    def short(self, budget: Need) -> list[str]:
        """What a budget has too little of for this, in a person's words; nothing where this fits."""
        over = self.beyond(budget)
        return [*(["memory"] if over.memory_bytes else []), *(["CPUs"] if over.cpus > 1e-9 else [])]


NOTHING = Need(memory_bytes=0, cpus=0.0)


@dataclass(frozen=True, kw_only=True)
class Running:
    """A lab whose container is there. Times are seconds since the epoch.

    :param last_activity: when it was last used, as far as the hub knows; None: nobody knows.
    :param idle_seconds: not used for this long, it is stopped; 0: never.
    :param longest_seconds: running for this long, it is stopped; 0: never.
    """

    need: Need
    started: float = 0.0
    last_activity: float | None = None
    idle_seconds: int = 0
    longest_seconds: int = 0

    def sure_end(self) -> float | None:
        """When it ends at the latest; None where nobody can tell."""
        return self.started + self.longest_seconds if self.longest_seconds else None

    def likely_end(self, now: float) -> float | None:
        """When it ends unless its person comes back; None where it is in use, or never stopped for being idle."""
        sure, used = self.sure_end(), self.last_activity
        if not self.idle_seconds or used is None or now - used < QUIET_SECONDS:
            return sure
        return used + self.idle_seconds if sure is None else min(sure, used + self.idle_seconds)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """How long until there is a place, in seconds from now.

    :param latest_seconds: at the latest; None: no end is sure.
    :param likely_seconds: when those who are away stay away; None: nobody is away, or it makes no difference.
    """

    latest_seconds: float | None = None
    likely_seconds: float | None = None


def total(needs: Collection[Need]) -> Need:
    """All of them together."""
    return sum(needs, NOTHING)


def first_served(waiting: Sequence[Need], used: Need, budget: Need) -> int:
    """How many from the head of the line can be served now.

    Strictly in order: a small lab does not overtake a large one, or the large one would wait for ever.
    """
    served = 0
    for need in waiting:
        used = used + need
        if not used.fits(budget):
            break
        served += 1
    return served


def who_gives_way(unopened: Sequence[tuple[Key, Need]], missing: Need) -> list[Key]:
    """Which labs that nobody has opened make room for somebody in line: the first few that are enough.

    None where all of them are not enough: then nobody is helped by stopping them.
    """
    going: list[Key] = []
    freed = NOTHING
    for key, need in unopened:
        if missing.fits(freed):
            break
        going.append(key)
        freed = freed + need
    return going if missing.fits(freed) else []


def estimate(need: Need, before: Need, running: Collection[Running], budget: Need, now: float) -> Estimate:
    """When there will be a place for `need`, behind those in line who need `before` and who are taken to stay on."""
    latest = _fits_at(need + before, [(one.need, one.sure_end()) for one in running], budget, now)
    likely = _fits_at(need + before, [(one.need, one.likely_end(now)) for one in running], budget, now)
    return Estimate(latest_seconds=latest, likely_seconds=likely if likely != latest else None)


def _fits_at(need: Need, ends: Sequence[tuple[Need, float | None]], budget: Need, now: float) -> float | None:
    """Seconds until enough labs have ended; None where the ends that are known do not make room."""
    left = [one for one, end in ends if end is None]
    going = sorted(((end, one) for one, end in ends if end is not None), key=lambda pair: pair[0])
    passed = now
    while not (need + total([*left, *(one for _, one in going)])).fits(budget):
        if not going:
            return None
        passed = max(passed, going.pop(0)[0])
    return passed - now
