"""By the clock: handouts appear when their time comes."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.timers.calendar import every
from generator.timers.timer import Timer
from generator.topics.handouts.site import HANDOUTS


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a minute, where there are handouts."""
    if (SITE / HANDOUTS).is_file():
        title, verb = "Hand out what is due", ("publish-handouts",)
        yield Timer(name="handouts", title=title, at=every(1), verb=verb, catches_up=False)
