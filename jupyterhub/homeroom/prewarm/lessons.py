"""When lessons take place: pure decisions on `site/schedule.yaml`, as the generator hands it on."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A lesson that takes place every week.

    :param at: when it begins, on the clocks of `zone`.
    :param lead_seconds: how long before that its labs are started.
    :param keep_seconds: how long after that a lab waits for its user.
    :param profile: the profile's name; empty: each user's default.
    """

    name: str
    groups: tuple[str, ...]
    days: frozenset[int]
    at: time
    lead_seconds: int
    keep_seconds: int
    profile: str = ""
    first_day: date = date.min
    last_day: date = date.max
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def next_begin(self, now: datetime) -> datetime | None:
        """When it begins next, in UTC; None where its last day is over.

        On the day of the change to summer time an hour that the clocks leave out is taken as if they had not.
        """
        today = now.astimezone(self.zone).date()
        start = max(today, self.first_day)
        for day in (start + timedelta(days=ahead) for ahead in range(8) if (date.max - start).days >= ahead):
            begin = datetime.combine(day, self.at, self.zone).astimezone(UTC)
            if day.weekday() in self.days and day <= self.last_day and begin > now:
                return begin
        return None

    def labs_from(self, now: datetime) -> datetime | None:
        """When the next lesson's labs are started."""
        begin = self.next_begin(now)
        return begin - timedelta(seconds=self.lead_seconds) if begin else None


@dataclass(frozen=True, kw_only=True)
class Due:
    """A lesson that is about to begin: its labs are to be started now."""

    lesson: Lesson
    begin: datetime


def due(lessons: list[Lesson], now: datetime) -> list[Due]:
    """The lessons whose labs are to be started now, the one that begins first before the others."""
    soon = [(lesson.next_begin(now), lesson) for lesson in lessons]
    found = [
        Due(lesson=lesson, begin=begin)
        for begin, lesson in soon
        if begin and now >= begin - timedelta(seconds=lesson.lead_seconds)
    ]
    return sorted(found, key=lambda one: one.begin)


def upcoming(lessons: list[Lesson], now: datetime) -> Due | None:
    """The lesson that begins next."""
    soon = [(begin, lesson) for lesson in lessons if (begin := lesson.next_begin(now))]
    if not soon:
        return None
    begin, lesson = min(soon, key=lambda pair: pair[0])
    return Due(lesson=lesson, begin=begin)


def parsed(values: dict[str, Any]) -> list[Lesson]:
    """The lessons of the generator's `lessons.json`."""
    zone = ZoneInfo(values["zone"])
    return [
        Lesson(
            name=one["name"],
            groups=tuple(one["groups"]),
            days=frozenset(DAYS.index(day) for day in one["days"]),
            at=time.fromisoformat(one["at"]),
            lead_seconds=one["lead_seconds"],
            keep_seconds=one["keep_seconds"],
            profile=one["profile"],
            first_day=date.fromisoformat(one["first_day"]) if one["first_day"] else date.min,
            last_day=date.fromisoformat(one["last_day"]) if one["last_day"] else date.max,
            zone=zone,
        )
        for one in values["lessons"]
    ]


def load(path: Path) -> list[Lesson]:
    """The lessons in a file."""
    return parsed(json.loads(path.read_text(encoding="utf-8")))
