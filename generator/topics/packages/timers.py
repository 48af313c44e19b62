"""Security updates by the clock."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import weekly
from generator.timers.timer import Timer


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a week at REFRESH_AT."""
    if settings.REFRESH_AT:
        at = weekly(*settings.REFRESH_AT.split())
        yield Timer(name="refresh", title="Bring security updates into the images", at=at, verb=("refresh",))
