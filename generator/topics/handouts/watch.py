"""Handouts whose time has come and that cannot be handed out, for the watchdog and the letter."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, warning
from generator.core.paths import SITE
from generator.engine.watched import Watched
from generator.topics.handouts import handouts, places, state
from generator.topics.handouts.site import HANDOUTS

ORDER = 55


def faults(watched: Watched) -> Iterator[Finding]:
    """One for each handout and repository that something is wrong with."""
    if not (SITE / HANDOUTS).is_file():
        return
    found = state.read(places.FOLDER)
    remedy = "`make handouts` shows all of them."
    for name, one in found.handouts.items():
        if one.fault:
            yield warning("handouts", one.fault, location=f"site/{HANDOUTS}: {name}", remedy=one.remedy or remedy)
    for fetched in found.mirrors.values():
        if fetched.fault and fetched.commit:
            cause = f"a repository cannot be fetched: {fetched.fault}"
            yield warning("handouts", cause, location=f"site/{HANDOUTS}", remedy=fetched.remedy or remedy)


def letter(watched: Watched) -> Iterator[str]:
    """What comes next."""
    try:
        known = handouts.load(watched.settings, SITE)
    except HomeroomError:
        return
    coming = sorted((one.visible_at, one.name) for one in known if one.visible_at and one.visible_at > watched.now)
    if coming:
        at, name = coming[0]
        yield f"Handouts: {counted(len(coming), 'handout')} to come, the next is {name}, {at:%a %d %b %H:%M %Z}."
