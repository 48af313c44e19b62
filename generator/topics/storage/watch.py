"""What homes take, for the letter."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.console import counted
from generator.core.finding import Finding, in_units
from generator.core.paths import RENDERED
from generator.engine.watched import Watched
from generator.topics.storage import home_use

ORDER = 15


def faults(watched: Watched) -> Iterator[Finding]:
    """None: a large home is its owner's affair, and a full disk is told by its own."""
    yield from ()


def letter(watched: Watched) -> Iterator[str]:
    """How many homes there are, and what they take."""
    if watched.deployment is None:
        return
    use = home_use.read(watched.deployment.client, watched.settings, RENDERED)
    known = [size for size in use.bytes_of.values() if size is not None]
    yield f"Homes: {counted(len(use.bytes_of), 'home')}, {in_units(sum(known))} in all{use.of_exams}."
