"""When lessons take place: the next one, in the deployment's time zone, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeroom.prewarm.lessons import Lesson, due, upcoming
from hypothesis import given
from hypothesis import strategies as st

VIENNA = ZoneInfo("Europe/Vienna")


def lesson(**given: Any) -> Lesson:
    """Mondays and Thursdays at ten in Vienna, labs from a quarter to."""
    values: dict[str, Any] = {
        "name": "statistics",
        "groups": ("biology",),
        "days": frozenset({0, 3}),
        "at": time(10),
        "lead_seconds": 900,
        "keep_seconds": 1200,
        "zone": VIENNA,
    }
    return Lesson(**values | given)


def vienna(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """A moment of 2026 on Vienna's clocks."""
    return datetime(2026, month, day, hour, minute, tzinfo=VIENNA)


@pytest.mark.parametrize(
    ("now", "begin"),
    [
        (vienna(23, 9, 59), vienna(23, 10)),
        (vienna(23, 10), vienna(26, 10)),
        (vienna(26, 23), vienna(30, 10)),
        (vienna(22, 0, 5), vienna(23, 10)),
        (vienna(24, 10, month=10), vienna(26, 10, month=10)),
    ],
    ids=["a minute before", "it has begun", "next week", "the night before", "over the change to winter time"],
)
def test_the_next_lesson(now: datetime, begin: datetime) -> None:
    """It begins at its time on the deployment's clocks; one that has begun is over for the prewarmer."""
    assert lesson().next_begin(now.astimezone(UTC)) == begin


def test_a_lesson_keeps_its_time_on_the_clock_over_the_year() -> None:
    """Ten o'clock is ten o'clock, in summer and in winter."""
    days = frozenset(range(7))
    summer, winter = (datetime(2026, month, 1, tzinfo=UTC) for month in (7, 12))
    begins = [lesson(days=days).next_begin(now) for now in (summer, winter)]
    assert [begin.hour for begin in begins if begin] == [8, 9]


def test_an_hour_that_there_is_not() -> None:
    """In the night of the change to summer time, a lesson within the missing hour still begins once, and within it."""
    night = lesson(days=frozenset({6}), at=time(2, 30))
    begin = night.next_begin(datetime(2026, 3, 28, 20, tzinfo=UTC))
    assert begin is not None
    assert datetime(2026, 3, 29, 0, 30, tzinfo=UTC) <= begin <= datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert night.next_begin(begin) == datetime(2026, 4, 5, 0, 30, tzinfo=UTC)


def test_the_first_and_the_last_day_count() -> None:
    """Before the first day the first lesson is the next; after the last there is none."""
    term = lesson(first_day=date(2027, 3, 1), last_day=date(2027, 3, 4))
    assert term.next_begin(vienna(23, 9)) == datetime(2027, 3, 1, 10, tzinfo=VIENNA)
    assert term.next_begin(datetime(2027, 3, 4, 9, tzinfo=VIENNA)) == datetime(2027, 3, 4, 10, tzinfo=VIENNA)
    assert term.next_begin(datetime(2027, 3, 4, 10, tzinfo=VIENNA)) is None
    assert lesson(last_day=date.max).next_begin(datetime(9999, 12, 31, 22, tzinfo=UTC)) is None


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))
def test_the_next_lesson_is_the_next(now: datetime) -> None:
    """At any moment: it lies ahead, within a week, on one of its days, at its time; and none lies before it."""
    begin = lesson().next_begin(now)
    assert begin is not None
    assert now < begin <= now + timedelta(days=4, hours=1)
    local = begin.astimezone(VIENNA)
    assert (local.weekday() in (0, 3), local.time()) == (True, time(10))


def test_labs_are_due_from_the_lead_to_the_beginning() -> None:
    """Labs are started in the minutes before a lesson and not after it has begun; the sooner lesson goes first."""
    early, late = lesson(name="early", at=time(9, 55)), lesson(name="late")
    for now, names in (
        (vienna(23, 9, 39), []),
        (vienna(23, 9, 40), ["early"]),
        (vienna(23, 9, 45), ["early", "late"]),
        (vienna(23, 9, 55), ["late"]),
        (vienna(23, 10), []),
    ):
        assert [one.lesson.name for one in due([late, early], now)] == names
    first = upcoming([late, early], vienna(23, 9))
    assert first is not None
    assert first.lesson is early
    assert upcoming([], vienna(23, 9)) is None
