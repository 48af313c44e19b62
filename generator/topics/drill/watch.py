"""Whether the copies are known to come back, for the watchdog, `make doctor` and the letter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from generator.core.finding import Finding, error, warning
from generator.engine.watched import Watched
from generator.schema.settings import Settings
from generator.topics.copies import alarms, drilled, last
from generator.topics.copies.drilled import Drilled

ORDER = 31
NAME = "drill"
BY_THE_CLOCK = timedelta(days=62)
"""Two months: one drill by the clock may be missed, as while the machine was off."""
BY_HAND = timedelta(days=180)
UNKNOWN = "Until then nobody knows whether the copies come back."


def faults(watched: Watched) -> Iterator[Finding]:
    """What is wrong with the drills, where there are copies."""
    address = watched.settings.BACKUP_TO
    if address and last.read().age(watched.now, address) is not None:
        yield from judged(watched.settings, drilled.read(), watched.now)


def judged(settings: Settings, known: Drilled, now: datetime) -> Iterator[Finding]:
    """One that failed, none at all, or one that is long ago."""
    if known.failed_at and known.address == settings.BACKUP_TO:
        cause = f"the last drill failed: {known.why}"
        yield error(NAME, cause, location=known.failed_at[:10], remedy=f"`make drill` tries again. {UNKNOWN}")
        return
    old = known.age(now, settings.BACKUP_TO)
    expected = BY_THE_CLOCK if settings.DRILL_AT else BY_HAND
    if old is None:
        cause = "it was never tried whether these copies come back"
        yield warning(NAME, cause, location=settings.BACKUP_TO, remedy="`make drill` tries it; DRILL_AT does monthly.")
    elif old > expected:
        cause = f"the last drill is {alarms.in_words(old)} old, though there should be one every {expected.days} days"
        level = error if settings.DRILL_AT else warning
        yield level(NAME, cause, location=settings.BACKUP_TO, remedy=f"`make drill` makes one. {UNKNOWN}")


def letter(watched: Watched) -> Iterator[str]:
    """When it was last tried whether the copies come back, and how long it took."""
    if watched.settings.BACKUP_TO:
        known = drilled.read()
        failed = f" One on {known.failed_at[:10]} FAILED: {known.why}." if known.failed_at else ""
        yield f"Drill: {known.words}.{failed}"
