"""What somebody changed in a course, in a line for the records. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.calendar import written
from homeroom.courses.course import ROLES

Course = dict[str, Any]
Changes = Callable[[Course, Course], list[str]]
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


def _in_list(
    old: Course, new: Course, listed: str, word: str, added: Callable[[Course], str], changes: Changes
) -> Iterator[str]:
    """What came, went and changed in one of a course's lists.

    :param word: what stands before the name.
    :param added: what is said of one that came.
    :param changes: what changed from one to the other, of one of a name.
    """
    before, after = ({each["name"]: each for each in course[listed]} for course in (old, new))
    yield from (f"{word}{name} out" for name in before if name not in after)
    for name, each in after.items():
        if name not in before:
            yield f"{word}{name} added{added(each)}"
        elif changed := changes(before[name], each):
            yield f"{word}{name} {', '.join(changed)}"


def _assignments(old: Course, new: Course, zone: ZoneInfo) -> Iterator[str]:
    def changes(one: Course, each: Course) -> list[str]:
        times = [f"{field} {written(each[field], zone) or 'none'}" for field in TIMES if one[field] != each[field]]
        return [*times, *_others(one, each, "title", "late", "checks"), *_extra(one, each)]

    return _in_list(old, new, "assignments", "", lambda _: "", changes)


def _exams(old: Course, new: Course, zone: ZoneInfo) -> Iterator[str]:
    def changes(one: Course, each: Course) -> list[str]:
        moved = [_sat(each, zone)] if _others(one, each, "opens", "seconds") else []
        return [*moved, *_others(one, each, "title", "profile", "network", "browser_keys"), *_extra(one, each)]

    return _in_list(old, new, "exams", "exam ", lambda each: f", {_sat(each, zone)}", changes)


def _rooms(old: Course, new: Course) -> Iterator[str]:
    def changes(one: Course, each: Course) -> list[str]:
        turned = [] if one["is_open"] == each["is_open"] else ["opened" if each["is_open"] else "closed"]
        return [*turned, *_others(one, each, "title", "profile")]

    return _in_list(old, new, "rooms", "room ", lambda _: "", changes)


def _others(one: Course, other: Course, *fields: str) -> list[str]:
    return [field for field in fields if one[field] != other[field]]


def _extra(one: Course, other: Course) -> list[str]:
    return ["extra time"] if _others(one, other, "extra_seconds") else []


def _sat(exam: Course, zone: ZoneInfo) -> str:
    return f"{written(exam['opens'], zone)} for {exam['seconds'] // 60} minutes"
