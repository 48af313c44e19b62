"""How old the copies are, for the watchdog and the letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from generator.core.finding import Finding, in_units, warning
from generator.engine.watched import Watched
from generator.topics.copies import last, sheet
from generator.topics.copies.last import Last

ORDER = 30
LOCATION = "BACKUP_TO"
OLD_HOURS = 26
"""From which age on the last copy of a daily schedule is late."""


def faults(watched: Watched) -> Iterator[Finding]:
    """What is wrong with the copies, where there are to be some."""
    if watched.settings.BACKUP_TO:
        yield from _faults(last.read(), watched.settings.BACKUP_TO, watched.now)


def _faults(known: Last, address: str, now: datetime) -> Iterator[Finding]:
    hours = known.age_hours(now)
    remedy = "`make backup` makes one, and says what keeps it from that."
    if known.failed_at:
        yield warning("copies", f"the last run made no copy: {known.why}", location=LOCATION, remedy=remedy)
    elif hours is None or known.address != address:
        yield warning("copies", "there is no copy yet", location=LOCATION, remedy=remedy)
    elif hours > OLD_HOURS or hours < 0:
        yield warning("copies", f"the last copy is {in_words(hours)} old", location=LOCATION, remedy=remedy)


def in_words(hours: float) -> str:
    """An age in its largest unit; that of a copy from the future, after the clock was set back, is none."""
    if hours < 0:
        return "less than 0 h (it is from the future: the clock is wrong, or was)"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def letter(watched: Watched) -> Iterator[str]:
    """How old the last copy is, and whether the recovery sheet lies elsewhere."""
    if not watched.settings.BACKUP_TO:
        yield "Copies: none are made, since BACKUP_TO is not set. One broken disk takes everything."
        return
    known = last.read()
    hours = known.age_hours(watched.now)
    if hours is None or known.address != watched.settings.BACKUP_TO:
        yield "Copies: none yet."
        return
    failed = "; the last run made none" if known.failed_at else ""
    unkept = "" if sheet.is_kept(watched.settings) else " The recovery sheet is not confirmed yet."
    size = in_units(known.size_bytes)
    yield f"Copies: the last is {in_words(hours)} old, of {known.files} files ({size}){failed}.{unkept}"
