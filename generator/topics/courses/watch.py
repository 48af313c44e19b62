"""What was handed in, for the letter."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.core.finding import Finding
from generator.engine import hub_module
from generator.engine.watched import Watched
from generator.topics.courses.services import NAME, has_courses

ORDER = 13
MODULE = "homeroom.courses.statistics"


def faults(watched: Watched) -> Iterator[Finding]:
    """None: a desk that does not answer is told as the service that it is."""
    yield from ()


def letter(watched: Watched) -> Iterator[str]:
    """How much was handed in; nothing where nothing was. The letter goes without it where nobody can say."""
    if watched.deployment is None or not has_courses(watched.settings):
        return
    if not watched.runs("hub") or not watched.runs(NAME):
        return
    try:
        week = hub_module.ask(watched.deployment, MODULE, "crowds", about="what was handed in")["week"]
    except HomeroomError:
        return
    if week["hand_ins"]:
        yield f"Handed in this week: {counted(week['hand_ins'], 'hand-in')} in {counted(week['courses'], 'course')}."
