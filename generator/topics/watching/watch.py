"""What the watchdog sees of the machine itself: disks, memory, clock."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.engine.watched import Watched
from generator.topics.watching import disks, machine

ORDER = 20


def faults(watched: Watched) -> Iterator[Finding]:
    """What is wrong with them."""
    yield from disks.faults(disks.look(watched), watched.now)
    yield from machine.faults(watched.memory)


def letter(watched: Watched) -> Iterator[str]:
    """A line a disk."""
    for disk in disks.look(watched):
        yield f"{disk.name[0].upper()}{disk.name[1:]}: {disk.in_words(watched.now)}."
