"""A course as the fields of the forms on its page of settings hold it. Pure."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.calendar import day
from homeroom.courses.course import ROLES
from homeroom.courses.made import moments

Course = dict[str, Any]
Fields = dict[str, str]


def general(course: Course, zone: ZoneInfo) -> Fields:
    """Title, notice, days, kind of lab and grades."""
    plain = ("title", "notice", "first_day", "last_day", "profile", "grades")
    return {**{field: course[field] for field in plain}, "archive": day(course["archive"], zone)}


def members(course: Course) -> Fields:
    """People and groups of each role, a name a line."""
    found = {}
    for role in ROLES:
        found[f"people_{role}"] = "\n".join(course["roles"][role]["people"])
        found[f"groups_{role}"] = "\n".join(course["roles"][role]["groups"])
    return found


def assignment(one: Course, zone: ZoneInfo) -> Fields:
    """An assignment's."""
    return {
        "name": one["name"],
        "title": _title(one),
        "opens": moments.typed(one["opens"], zone),
        "due": moments.typed(one["due"], zone),
        "closes": moments.typed(one["closes"], zone),
        "late": one["late"],
        "checks": str(one["checks"]),
        "extra_time": _extra_time(one),
    }


def _title(one: Course) -> str:
    """Where none was given, it is the name."""
    return one["title"] if one["title"] != one["name"] else ""


def _extra_time(one: Course) -> str:
    given = sorted(one["extra_seconds"].items())
    return "\n".join(f"{person} {moments.written_span(seconds)}" for person, seconds in given)


def new_assignment() -> Fields:
    """One that says nothing yet."""
    empty = ("name", "title", "opens", "due", "closes", "extra_time")
    return {**dict.fromkeys(empty, ""), "late": "mark", "checks": "0"}


def exam(one: Course, zone: ZoneInfo) -> Fields:
    """An exam's."""
    return {
        "name": one["name"],
        "title": _title(one),
        "opens": moments.typed(one["opens"], zone),
        "minutes": str(one["seconds"] // 60),
        "extra_time": _extra_time(one),
        "profile": one["profile"],
        "network": one["network"],
        "browser_keys": "\n".join(one["browser_keys"]),
    }


def room(one: Course) -> Fields:
    """A room's."""
    return {"name": one["name"], "title": _title(one), "profile": one["profile"]}


def new_room() -> Fields:
    """One that says nothing yet."""
    return dict.fromkeys(("name", "title", "profile"), "")


def new_exam() -> Fields:
    """One that says nothing yet."""
    empty = ("name", "title", "opens", "minutes", "extra_time", "profile", "browser_keys")
    return {**dict.fromkeys(empty, ""), "network": "none"}
