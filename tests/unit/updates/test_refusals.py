"""When an update is not begun."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from generator.topics.copies.last import Last
from generator.topics.prewarm.site import Lesson
from generator.topics.updates import refusals

MONDAY = datetime(2026, 10, 5)


def lesson(**values: Any) -> Lesson:
    """A lesson on Mondays at ten."""
    return Lesson.model_validate({"name": "biology", "groups": ["b"], "days": ["mon"], "at": "10:00", **values})


@pytest.mark.parametrize(
    ("clock", "goes_on"),
    [("09:44", False), ("09:45", True), ("10:00", True), ("11:29", True), ("11:30", False)],
)
def test_a_lesson_is_not_disturbed(clock: str, goes_on: bool) -> None:
    """From the first start of a lesson's labs until an hour and a half after its beginning there is no update."""
    at = datetime.fromisoformat(f"2026-10-05 {clock}")
    found = list(refusals.of_lessons([lesson()], at))
    assert [str(one).partition("\n")[0] for one in found] == (
        ["site/schedule.yaml: the lesson biology takes place now, or is about to begin"] if goes_on else []
    )
    assert not list(refusals.of_lessons([lesson()], at + timedelta(days=1)))


def test_a_lesson_past_midnight_and_one_outside_its_term() -> None:
    """A lesson of the evening goes on after midnight, also from the week's last day into the first; one whose last day
    is over keeps nobody from an update."""
    late = lesson(days=["sun"], at="23:30")
    assert refusals.takes_place(late, MONDAY + timedelta(minutes=20))
    assert not refusals.takes_place(late, MONDAY + timedelta(minutes=61))
    ended = lesson(days=["sun"], at="23:30", last_day="2026-10-04")
    assert refusals.takes_place(ended, MONDAY + timedelta(minutes=20))
    assert not refusals.takes_place(ended, MONDAY + timedelta(days=7, minutes=20))
    assert not refusals.takes_place(lesson(first_day="2026-10-06"), MONDAY + timedelta(hours=10))


@pytest.mark.parametrize(
    ("hours", "said"),
    [(23.5, ""), (25, "is 1.0 days old"), (-2, "is from the future"), (None, "there is no copy at /srv/copies yet")],
)
def test_there_is_a_copy_of_today(hours: float | None, said: str) -> None:
    """A copy that is older than a day, from the future, of another place, or missing: the words say how to go on."""
    now = datetime.now(UTC)
    made_at = "" if hours is None else (now - timedelta(hours=hours)).isoformat()
    found = list(refusals.of_copies(Last(address="/srv/copies", made_at=made_at), "/srv/copies", now))
    assert [said in str(one) and "ANYWAY=1" in str(one) for one in found] == ([True] if said else [])
    elsewhere = Last(address="/mnt/other", made_at=now.isoformat())
    assert "there is no copy" in str(next(refusals.of_copies(elsewhere, "/srv/copies", now)))
    assert "BACKUP_TO is not set" in str(next(refusals.of_copies(elsewhere, "", now)))
