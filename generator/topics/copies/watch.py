"""What is wrong with the copies, and how old they are, for the watchdog and the letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from generator.core.finding import Finding, in_units
from generator.engine.watched import Watched
from generator.topics.copies import alarms, last, sheet

ORDER = 30


def faults(watched: Watched) -> Iterator[Finding]:
    """What is wrong with the copies, where there are to be some."""
    yield from alarms.of(watched.settings, watched.now)


def letter(watched: Watched) -> Iterator[str]:
    """How old the last copy is, and whether the recovery sheet lies elsewhere."""
    if not watched.settings.BACKUP_TO:
        yield "Copies: none are made, since BACKUP_TO is not set. One broken disk takes everything."
        return
    known = last.read()
    old = known.age(watched.now, watched.settings.BACKUP_TO)
    if old is None:
        yield "Copies: none yet."
        return
    age = "of the future" if old < timedelta(0) else f"{alarms.in_words(old)} old"
    failed = "; the last run made none" if known.failed_at else ""
    unkept = "" if sheet.is_kept(watched.settings) else " The recovery sheet is not confirmed yet."
    size = in_units(known.size_bytes)
    yield f"Copies: the last is {age}, of {known.files} files ({size}){failed}.{unkept}"
