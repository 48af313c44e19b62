"""The watchdog by the clock."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import every
from generator.timers.timer import Timer

MINUTES = 5


def is_watched(settings: Settings) -> bool:
    """Whether the watchdog is run: where it is wanted, or somebody is told of what it sees."""
    if settings.WATCH == "auto":
        return bool(settings.ALERT_MAIL or settings.ALERT_WEBHOOK or settings.WATCH_PING)
    return settings.WATCH == "on"


def timers(settings: Settings) -> Iterator[Timer]:
    """A round each few minutes; one that was missed is not made up for."""
    if is_watched(settings):
        yield Timer(name="watch", title="Look after everything", at=every(MINUTES), verb=("watch",), catches_up=False)
