"""Copies by the clock."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import daily
from generator.timers.timer import Timer


def timers(settings: Settings) -> Iterator[Timer]:
    """A copy at each time of BACKUP_AT, if there is a place for copies."""
    if settings.BACKUP_TO and settings.BACKUP_AT:
        at = daily(*settings.BACKUP_AT.split(","))
        yield Timer(name="backup", title="Make a copy of everything", at=at, verb=("backup",))
