"""The next term's course of one that was made on a page. Pure, and without JupyterHub."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.course import ROLES, TEACHERS

DAYS, TIMES = ("first_day", "last_day"), ("archive", "purge")


def next_term(course: Mapping[str, Any], days: int, zone: ZoneInfo) -> dict[str, Any]:
    """What the copy of a course says: other dates, the same teachers and assignments, and nobody else in it.

    :param course: in the form that `homeroom.courses.made.form` says.
    """
    made = dict(course)
    made["lti"] = None
    made["rooms"] = []
    nobody: dict[str, list[str]] = {"people": [], "groups": []}
    made["roles"] = {role: course["roles"][role] if role == TEACHERS else dict(nobody) for role in ROLES}
    for field in DAYS:
        if made.get(field):
            made[field] = (date.fromisoformat(made[field]) + timedelta(days=days)).isoformat()
    for field in TIMES:
        if made.get(field) is not None:
            made[field] = moved(made[field], days, zone)
    for kind, fields in (("assignments", ("opens", "due", "closes")), ("exams", ("opens",))):
        made[kind] = [_work(each, fields, days, zone) for each in course.get(kind, ())]
    return made


def _work(work: Mapping[str, Any], fields: tuple[str, ...], days: int, zone: ZoneInfo) -> dict[str, Any]:
    made = {**work, "extra_seconds": {}}
    for field in fields:
        if made.get(field) is not None:
            made[field] = moved(made[field], days, zone)
    return made


def moved(at: int, days: int, zone: ZoneInfo) -> int:
    """So many days later, at the same time of day by the clocks of a zone.

    :param at: in seconds since 1970.
    """
    there = datetime.fromtimestamp(at, zone).replace(tzinfo=None) + timedelta(days=days)
    return int(there.replace(tzinfo=zone).timestamp())
