"""When something is run, by the machine's clock: as systemd and cron write it, and when it was and will be due."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LAST_DAY_OF_EVERY_MONTH = 28
DAYS_LOOKED_AT = 32
"""A month and a day: any calendar has a moment in it."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Moments that come again. `daily`, `weekly`, `monthly` and `every` make one.

    :param times: of a day, in order; empty where `every_minutes` says it.
    :param weekday: on this day alone, as one of WEEKDAYS; empty: on each.
    :param day: on this day of the month alone; 0: on each.
    :param every_minutes: from each full hour on; 0: at `times`.
    """

    times: tuple[time, ...] = ()
    weekday: str = ""
    day: int = 0
    every_minutes: int = 0

    def systemd(self) -> tuple[str, ...]:
        """The values of `OnCalendar=`."""
        if self.every_minutes:
            return (f"*:0/{self.every_minutes}",)
        days = f"{self.weekday} *-*-*" if self.weekday else f"*-*-{self.day:02d}" if self.day else "*-*-*"
        return tuple(f"{days} {each:%H:%M}:00" for each in self.times)

    def cron(self) -> tuple[str, ...]:
        """The first five fields of cron's lines."""
        if self.every_minutes:
            return (f"*/{self.every_minutes} * * * *",)
        days = f"{self.day or '*'} * {self.weekday.lower() or '*'}"
        return tuple(f"{each.minute} {each.hour} {days}" for each in self.times)

    def next(self, after: datetime) -> datetime:
        """The first moment after another, on the machine's clock."""
        return next(min(late) for day in self._days(after, 1) if (late := [m for m in _of(day, self) if m > after]))

    def last(self, until: datetime) -> datetime:
        """The last moment that was not after another, on the machine's clock."""
        return next(max(early) for day in self._days(until, -1) if (early := [m for m in _of(day, self) if m <= until]))

    @property
    def longest_gap(self) -> timedelta:
        """How long it is from one moment to the next at most; of days as the calendar has them, not the clock."""
        if self.every_minutes:
            return timedelta(minutes=self.every_minutes)
        if self.day:
            return timedelta(days=31)
        minutes = [each.hour * 60 + each.minute for each in self.times]
        round_the_clock = [*minutes, minutes[0] + (7 if self.weekday else 1) * 24 * 60]
        return timedelta(minutes=max(b - a for a, b in itertools.pairwise(round_the_clock)))

    def _days(self, moment: datetime, step: int) -> Iterator[date]:
        """The days with moments, from this one's on or back."""
        today = moment.astimezone().date()
        days = (today + timedelta(days=step * number) for number in range(DAYS_LOOKED_AT + 1))
        return (
            day
            for day in days
            if (not self.weekday or WEEKDAYS[day.weekday()] == self.weekday) and self.day in (0, day.day)
        )


def _of(day: date, calendar: Calendar) -> list[datetime]:
    """The moments of a day."""
    minutes = range(0, 60, calendar.every_minutes or 60)
    times = calendar.times or [time(hour, minute) for hour in range(24) for minute in minutes]
    return [datetime.combine(day, each).astimezone() for each in times]


def daily(*times: str) -> Calendar:
    """Each day at these times, as `02:30`."""
    return Calendar(times=_read(times))


def weekly(weekday: str, *times: str) -> Calendar:
    """On one day of the week, one of WEEKDAYS, at these times."""
    if weekday not in WEEKDAYS:
        raise ValueError(f"{weekday} is none of {', '.join(WEEKDAYS)}")
    return Calendar(weekday=weekday, times=_read(times))


def monthly(day: int, *times: str) -> Calendar:
    """On one day of the month, which every month has, at these times."""
    if not 1 <= day <= LAST_DAY_OF_EVERY_MONTH:
        raise ValueError(f"not every month has a day {day}")
    return Calendar(day=day, times=_read(times))


def every(minutes: int) -> Calendar:
    """Each so many minutes, a part of an hour."""
    if minutes < 1 or 60 % minutes:
        raise ValueError(f"an hour is not made of parts of {minutes} minutes")
    return Calendar(every_minutes=minutes)


def _read(times: tuple[str, ...]) -> tuple[time, ...]:
    return tuple(sorted({time.fromisoformat(each) for each in times}))
