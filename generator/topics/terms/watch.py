"""What the watchdog, `make doctor` and the letter say of courses that go, or should be gone."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, warning
from generator.engine.watched import Watched
from generator.topics.terms import ends, named
from generator.topics.terms.ends import DAY_SECONDS, NOTICE_DAYS

ORDER = 56
LETTER_DAYS = 60
LATE_DAYS = 3


def faults(watched: Watched) -> Iterator[Finding]:
    """Courses that go soon, so that the operator hears of it once; and those whose time was over days ago."""
    now = watched.now.timestamp()
    known, by_itself = ends.read(), bool(watched.settings.PURGE_AT)
    for each in _endings(watched):
        left = each.purge - now
        day = ends.day_of(each.purge, watched.settings)
        if 0 < left <= NOTICE_DAYS * DAY_SECONDS:
            yield warning(
                "courses",
                f"all of {each.name} is removed on {day}",
                location=f"site/courses.yaml: {each.name}",
                remedy="`make course-export` keeps an archive of it; or change purge there, and run `make up`.",
            )
        elif left <= 0 and (not by_itself or ends.due(known, [each], now - LATE_DAYS * DAY_SECONDS)):
            yield warning(
                "courses",
                f"the time of {each.name} was over on {day}{'' if by_itself else ', and PURGE_AT is not set'}",
                location=f"site/courses.yaml: {each.name}",
                remedy=f"`make course-delete COURSE={each.name}` removes what is left; then take it out of the file.",
            )


def letter(watched: Watched) -> Iterator[str]:
    """The courses that go within two months, the next one first."""
    now = watched.now.timestamp()
    for each in sorted(_endings(watched), key=lambda each: each.purge):
        days = int((each.purge - now) // DAY_SECONDS)
        if 0 <= days <= LETTER_DAYS:
            day = ends.day_of(each.purge, watched.settings)
            yield f"Course {each.name}: all of it is removed on {day}, in {counted(days, 'day')}."


def _endings(watched: Watched) -> list[ends.Ending]:
    try:
        return ends.endings(named.of_file(watched.settings))
    except HomeroomError:  # `make check` tells
        return []
