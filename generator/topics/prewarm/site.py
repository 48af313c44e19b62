"""The form of site/schedule.yaml."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from generator.site.models import Date, Form, Name, Strict, Text

SCHEDULE = "schedule.yaml"
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES


def parse_time(value: object) -> object:
    """A time of day as minutes since midnight. YAML reads `10:00` without quotes as the number 600, which is the same,
    and `10` as ten, which is no time."""
    if isinstance(value, str) and re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", value):
        hours, minutes = value.split(":")
        return int(hours) * 60 + int(minutes)
    if isinstance(value, int) and not isinstance(value, bool) and 60 <= value < DAY_MINUTES:
        return value
    raise ValueError("is not a time of day such as 09:30")


Minutes = Annotated[int, Field(ge=1, le=720)]


class Lesson(Strict):
    """A lesson that takes place every week on some days."""

    name: Name
    groups: Annotated[list[Text], Field(min_length=1)]
    days: Annotated[list[Day], Field(min_length=1)]
    at: Annotated[int, BeforeValidator(parse_time)]
    lead_minutes: Minutes = 15
    keep_minutes: Minutes = 20
    profile: Text | None = None
    first_day: Date | None = None
    last_day: Date | None = None

    def takes_place(self) -> bool:
        """Whether any of its days lies between the first and the last."""
        if self.first_day is None or self.last_day is None:
            return True
        span = range(min(7, (self.last_day - self.first_day).days + 1))
        week = get_args(Day)
        return any(week[(self.first_day + timedelta(days=ahead)).weekday()] in self.days for ahead in span)

    @property
    def lasts_minutes(self) -> int:
        """From the first start until labs that were not opened are stopped."""
        return self.lead_minutes + self.keep_minutes

    def begins(self) -> list[int]:
        """When the first labs start, in minutes of the week; below 0 is at the week's end."""
        return [get_args(Day).index(day) * DAY_MINUTES + self.at - self.lead_minutes for day in self.days]

    def meets(self, other: Lesson) -> bool:
        """Whether labs of both run at the same time in some week, also past midnight."""
        return (
            any(
                (theirs - ours) % WEEK_MINUTES < self.lasts_minutes
                or (ours - theirs) % WEEK_MINUTES < other.lasts_minutes
                for ours in self.begins()
                for theirs in other.begins()
            )
            and (self.first_day or date.min) <= (other.last_day or date.max)
            and (other.first_day or date.min) <= (self.last_day or date.max)
        )


class Schedule(Strict):
    """`site/schedule.yaml`."""

    lessons: list[Lesson]


FORMS = (
    Form(
        name=SCHEDULE,
        model=Schedule,
        what="When classes meet, so that their labs run before they come.",
        page="classes",
        order=40,
    ),
)
