"""The days on which a course is archived, and removed for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from generator.core.errors import HomeroomError
from generator.site.reader import Location, SiteFile
from generator.topics.courses import moments
from generator.topics.courses.site import Course


def faults(file: SiteFile, location: Location, course: Course, zone: ZoneInfo) -> Iterator[HomeroomError]:
    """Days in the wrong order, and what would be due once nothing is handed in any more."""
    archive, purge = course.archive, course.purge
    if purge is not None and archive is None:
        cause = f"{course.name} would be removed without having been archived"
        remedy = "Say archive, too: from then on members only read, and are told of purge."
        yield file.error((*location, "purge"), cause, remedy=remedy)
    if archive is None:
        return
    if purge is not None and purge <= archive:
        cause = f"purge is not after archive, {archive}"
        yield file.error((*location, "purge"), cause, remedy="Change one of the two.")
    if course.term.last_day is not None and archive <= course.term.last_day:
        cause = f"archive is not after the last day, {course.term.last_day}"
        yield file.error((*location, "archive"), cause, remedy="Change one of the two.")
    for index, assignment in enumerate(course.assignments):
        for field in ("opens", "due", "closes"):
            if (moment := getattr(assignment, field)) is not None and _is_past(moment, archive, zone):
                at = (*location, "assignments", index, field)
                yield _too_late(file, at, f"{field} of {assignment.name}", archive)
    for index, exam in enumerate(course.exams):
        longest = exam.minutes * 60 + max(exam.extra_time.values(), default=0)
        begins, ends = moments.begins(exam.opens, zone), moments.begins(archive, zone)
        if begins is not None and ends is not None and begins + longest > ends:
            yield _too_late(file, (*location, "exams", index, "opens"), f"the end of {exam.name}", archive)


def _is_past(moment: date | datetime, archive: date, zone: ZoneInfo) -> bool:
    at, ends = moments.ends(moment, zone), moments.begins(archive, zone)
    return at is not None and ends is not None and at >= ends


def _too_late(file: SiteFile, at: Location, what: str, archive: date) -> HomeroomError:
    remedy = "Archive the course later, or change that."
    return file.error(at, f"{what} is not before the course is archived, {archive}", remedy=remedy)
