"""By the clock: files of people who were removed go once their time is over."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import daily
from generator.timers.timer import Timer


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a day at PURGE_AT."""
    if settings.PURGE_AT:
        title = "Remove files of people who left long ago"
        yield Timer(name="purge-removed", title=title, at=daily(settings.PURGE_AT), verb=("purge-removed",))
