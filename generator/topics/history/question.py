"""What `make stats` is asked."""

from __future__ import annotations

from dataclasses import dataclass

from generator.core.errors import HomeroomError, nearest
from generator.core.flag import is_set

WHO = ("group", "person", "image", "profile", "room")
WHEN = ("minute", "ten-minutes", "hour", "day")
"""Both as `homeroom.history.report` knows them."""
COURSE = "course"
"""Courses are counted as they are now: `homeroom.courses.statistics`."""
MOST_DAYS = 3660


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question.

    :param by: a word of WHO or WHEN, or COURSE: what a row of the answer is.
    :param days: how many are counted, with today; of courses none.
    :param names: whether people have their names; of courses whether it is told what few students did.
    """

    by: str = "group"
    days: int = 30
    csv: bool = False
    names: bool = False

    @property
    def of_people(self) -> bool:
        """Whether rows are of people, alone or together, so that their homes are asked for."""
        return self.by in ("group", "person")


def asked(*, days: str, by: str, csv: str, names: str) -> Question:
    """The question that an operator's words are; empty ones stand for the usual.

    :raises HomeroomError: one of them is none that is known.
    """
    by = by.strip().lower() or "group"
    if by not in (*WHO, *WHEN, COURSE):
        meant = nearest(by, [*WHO, *WHEN, COURSE])
        near = f"Did you mean BY={meant}? " if meant else ""
        remedy = f"{near}Who used it: {', '.join(WHO)}. How it went: {', '.join((*WHEN, COURSE))}."
        raise HomeroomError(f"{by[:40]!r} is nothing to count by", location="BY", remedy=remedy)
    shows_names = is_set("NAMES", names)
    if shows_names and by not in ("person", COURSE):
        raise HomeroomError("NAMES is of people", location="NAMES", remedy="make stats BY=person NAMES=1")
    if by == COURSE and days.strip():
        cause = "courses are counted as they are now, with all that was handed in"
        raise HomeroomError(cause, location="DAYS", remedy="make stats BY=course")
    return Question(by=by, days=_days(days), csv=is_set("CSV", csv), names=shows_names)


def _days(given: str) -> int:
    days = given.strip() or "30"
    if not (days.isascii() and days.isdecimal() and len(days) < 5 and 1 <= int(days) <= MOST_DAYS):
        raise HomeroomError(
            f"{days[:40]!r} is no number of days", location="DAYS", remedy=f"A whole number from 1 to {MOST_DAYS}."
        )
    return int(days)
