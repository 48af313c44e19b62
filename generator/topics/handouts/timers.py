"""By the clock: handouts appear when their time comes."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.timers.calendar import every
from generator.timers.timer import Timer
from generator.topics.handouts import handouts


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a minute, where there are handouts; also where a slip in their file has to be put right first."""
    try:
        wanted = bool(handouts.load(settings, SITE))
    except HomeroomError:
        wanted = True
    if wanted:
        title, verb = "Hand out what is due", ("publish-handouts",)
        yield Timer(name="handouts", title=title, at=every(1), verb=verb, catches_up=False)
