"""By the clock: files of people who were removed go once their time is over."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import daily
from generator.timers.timer import Timer

AT = "03:40"


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a day."""
    yield Timer(name="purge-removed", title="Remove files of people who left long ago", at=daily(AT), verb=("purge-removed",))
