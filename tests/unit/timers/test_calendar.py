"""When something is run by the clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from generator.timers.calendar import Calendar, daily, every, monthly, weekly


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock has summer time."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("calendar", "systemd", "cron"),
    [
        (daily("14:30", "02:30"), ("*-*-* 02:30:00", "*-*-* 14:30:00"), ("30 2 * * *", "30 14 * * *")),
        (weekly("Mon", "06:05"), ("Mon *-*-* 06:05:00",), ("5 6 * * mon",)),
        (monthly(1, "04:00"), ("*-*-01 04:00:00",), ("0 4 1 * *",)),
        (every(5), ("*:0/5",), ("*/5 * * * *",)),
    ],
)
def test_systemd_and_cron_are_told_the_same(
    calendar: Calendar, systemd: tuple[str, ...], cron: tuple[str, ...]
) -> None:
    """Each in its own words."""
    assert calendar.systemd() == systemd
    assert calendar.cron() == cron


@pytest.mark.parametrize(
    ("calendar", "last", "following"),
    [
        (daily("02:30", "14:30"), "2026-11-25 14:30", "2026-11-26 02:30"),
        (weekly("Mon", "06:00"), "2026-11-23 06:00", "2026-11-30 06:00"),
        (monthly(1, "04:00"), "2026-11-01 04:00", "2026-12-01 04:00"),
        (every(15), "2026-11-25 22:00", "2026-11-25 22:15"),
    ],
)
def test_the_moments_before_and_after_are_told(calendar: Calendar, last: str, following: str) -> None:
    """As the machine's clock shows them."""
    now = datetime.fromisoformat("2026-11-25 22:10").astimezone()
    assert f"{calendar.last(now):%Y-%m-%d %H:%M}" == last
    assert f"{calendar.next(now):%Y-%m-%d %H:%M}" == following


def test_an_hour_that_the_clock_leaves_out_is_run_all_the_same() -> None:
    """In the night in which it goes forward, and once in that in which it goes back."""
    before = datetime.fromisoformat("2026-03-28 12:00").astimezone()
    due = daily("02:30").next(before)
    assert due.date().isoformat() == "2026-03-29"
    assert daily("02:30").next(due).date().isoformat() == "2026-03-30"
    autumn = daily("02:30").next(datetime.fromisoformat("2026-10-24 12:00").astimezone())
    assert daily("02:30").next(autumn).date().isoformat() == "2026-10-26"


@pytest.mark.parametrize(
    ("calendar", "hours"),
    [(daily("02:30"), 24), (daily("02:30", "14:30"), 12), (daily("01:00", "02:00"), 23), (weekly("Sun", "01:00"), 168)],
)
def test_the_longest_gap_is_told(calendar: Calendar, hours: int) -> None:
    """By which what is late is known."""
    assert calendar.longest_gap == timedelta(hours=hours)


def test_what_no_clock_shows_is_refused() -> None:
    """A day that some months lack, a part that no hour is made of, a time that is none."""
    with pytest.raises(ValueError, match="day 31"):
        monthly(31, "04:00")
    with pytest.raises(ValueError, match="7 minutes"):
        every(7)
    with pytest.raises(ValueError, match="0 minutes"):
        every(0)
    with pytest.raises(ValueError, match="hour must be"):
        daily("25:00")
    with pytest.raises(ValueError, match="Montag"):
        weekly("Montag", "06:00")
