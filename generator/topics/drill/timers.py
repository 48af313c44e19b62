"""A drill by the clock."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import monthly
from generator.timers.timer import Timer


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a month at DRILL_AT, if there are to be copies."""
    if settings.BACKUP_TO and settings.DRILL_AT:
        yield Timer(
            name="drill", title="Try whether the copies come back", at=monthly(1, settings.DRILL_AT), verb=("drill",)
        )
