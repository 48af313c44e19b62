"""By the clock: courses whose time is over are removed."""

from __future__ import annotations

from collections.abc import Iterator

from generator.schema.settings import Settings
from generator.timers.calendar import daily
from generator.timers.timer import Timer
from generator.topics.courses.services import has_courses
from generator.topics.terms import removal


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a day at PURGE_AT, where there are courses, or an archive of one is kept."""
    if settings.PURGE_AT and (has_courses(settings) or any(removal.FOLDER.glob("*.tar.gz"))):
        title = "Remove courses whose time is over"
        yield Timer(name="course-ends", title=title, at=daily(settings.PURGE_AT), verb=("course-ends", "--clock=1"))
