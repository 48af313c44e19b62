"""What somebody changed in a course, in a line for the records. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.calendar import written
from homeroom.courses.course import ROLES

Course = dict[str, Any]
PLAIN = ("title", "notice", "first_day", "last_day", "profile", "grades", "lti")
TIMES = ("opens", "due", "closes")


def in_words(old: Course, new: Course, zone: ZoneInfo) -> str:
    """Such as `students +chen -olga; week-1 due 2026-10-12 23:59`; empty where nothing changed."""
    return "; ".join(
        [
            *_members(old, new),
            *_assignments(old, new, zone),
            *_exams(old, new, zone),
            *_rooms(old, new),
            *_plain(old, new, zone),
        ]
    )


def _plain(old: Course, new: Course, zone: ZoneInfo) -> Iterator[str]:
    yield from (field for field in PLAIN if old[field] != new[field])
    for field in ("archive", "purge"):
        if old[field] != new[field]:
            yield f"{field} {written(new[field], zone) or 'never'}"


def _members(old: Course, new: Course) -> Iterator[str]:
    for role in ROLES:
        for kind, what in (("people", role), ("groups", f"groups of {role}")):
            before, after = set(old["roles"][role][kind]), set(new["roles"][role][kind])
            signs = [*(f"+{name}" for name in sorted(after - before)), *(f"-{name}" for name in sorted(before - after))]
            if signs:
                yield f"{what} {' '.join(signs)}"


def _assignments(old: Course, new: Course, zone: ZoneInfo) -> Iterator[str]:
    before = {each["name"]: each for each in old["assignments"]}
    after = {each["name"]: each for each in new["assignments"]}
    yield from (f"{name} out" for name in before if name not in after)
    for name, each in after.items():
        one = before.get(name)
        if one is None:
            yield f"{name} added"
            continue
        times = [f"{field} {written(each[field], zone) or 'none'}" for field in TIMES if one[field] != each[field]]
        others = [field for field in ("title", "late", "checks") if one[field] != each[field]]
        extra = ["extra time"] if one["extra_seconds"] != each["extra_seconds"] else []
        if changed := [*times, *others, *extra]:
            yield f"{name} {', '.join(changed)}"


def _exams(old: Course, new: Course, zone: ZoneInfo) -> Iterator[str]:
    before = {each["name"]: each for each in old["exams"]}
    after = {each["name"]: each for each in new["exams"]}
    yield from (f"exam {name} out" for name in before if name not in after)
    for name, each in after.items():
        one = before.get(name)
        if one is None:
            yield f"exam {name} added, {_sat(each, zone)}"
        elif one != each:
            times = ("opens", "seconds")
            moved = [_sat(each, zone)] if any(one[field] != each[field] for field in times) else []
            extra = ["extra time"] if one["extra_seconds"] != each["extra_seconds"] else []
            plain = ("title", "profile", "network", "browser_keys")
            others = [field for field in plain if one[field] != each[field]]
            yield f"exam {name} {', '.join([*moved, *others, *extra])}"


def _rooms(old: Course, new: Course) -> Iterator[str]:
    before = {each["name"]: each for each in old["rooms"]}
    for each in new["rooms"]:
        one = before.get(each["name"])
        if one is None:
            yield f"room {each['name']} added"
        elif one != each:
            turned = [] if one["is_open"] == each["is_open"] else ["opened" if each["is_open"] else "closed"]
            yield f"room {each['name']} {', '.join([*turned, *(f for f in ('title', 'profile') if one[f] != each[f])])}"


def _sat(exam: Course, zone: ZoneInfo) -> str:
    return f"{written(exam['opens'], zone)} for {exam['seconds'] // 60} minutes"
