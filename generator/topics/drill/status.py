"""When it was last tried whether the copies come back, for `make status`."""

from __future__ import annotations

from generator.core.console import note, quoted, warn
from generator.engine.glance import Glance, Show, nothing
from generator.engine.watched import Watched
from generator.topics.copies import drilled
from generator.topics.drill import watch

ORDER = 61


def ask(glance: Glance) -> Show:
    """The last drill, and what is wrong with the drills."""
    settings = glance.deployment.settings
    if not settings.BACKUP_TO:
        return nothing
    known = drilled.read()
    wrong = list(watch.faults(Watched(settings=settings, now=glance.now)))

    def show() -> None:
        if known.well_at:
            note(f"The last drill: {quoted(known.words)}.")
        for each in wrong:
            warn(f"{each.location}: {each.cause}\n  {each.remedy}")

    return show
