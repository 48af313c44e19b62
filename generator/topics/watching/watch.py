"""What the watchdog sees of the machine itself: disks, memory, clock."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding, warning
from generator.engine.watched import Watched
from generator.timers import steady
from generator.topics.watching import disks, machine

ORDER = 20


def faults(watched: Watched) -> Iterator[Finding]:
    """What is wrong with them."""
    yield from disks.faults(disks.look(watched), watched.now)
    yield from machine.faults(watched.memory)
    yield from clock_faults()


def letter(watched: Watched) -> Iterator[str]:
    """A line a disk."""
    for disk in disks.look(watched):
        yield f"{disk.name[0].upper()}{disk.name[1:]}: {disk.in_words(watched.now)}."


def clock_faults() -> Iterator[Finding]:
    """A clock that was set, while it is not believed."""
    clock = steady.read()
    if clock.was_set and clock.doubt:
        cause = f"{clock.doubt}; until it has gone on for a day, nothing is removed since its time is over"
        yield warning("clock", cause, location="clock", remedy="See that it is right: `make check` says how.")
