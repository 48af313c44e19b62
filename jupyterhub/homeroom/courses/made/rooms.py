"""Rooms of a course as they are typed into the forms of its settings, and what the hub's rooms say of them. Pure, but
for what is asked of these.

A room is closed, and never taken out: its files are kept under its name, and whoever opens it again finds them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.courses.course import room_of
from homeroom.courses.made import edit
from homeroom.courses.made.edit import Course, Edited, Editor, Given
from homeroom.courses.made.fault import Fault
from homeroom.texts.said import say

NAME = r"[a-z0-9][a-z0-9-]{0,23}"
MOST_ROOMS = 20


@dataclass(frozen=True, kw_only=True)
class HubRooms:
    """What the hub's rooms say.

    :param can_be: whether labs can be worked in by several at once, of the hub's configuration.
    :param is_taken: whether there is or was a room of a name, of the configuration, the database and the name.
    :param look: has the hub go by a change at once.
    """

    can_be: Callable[[Any], bool]
    is_taken: Callable[[Any, Any, str], bool]
    look: Callable[[Any], None]


_hub: list[HubRooms] = []


def make_rooms_by(found: HubRooms) -> None:
    """Have rooms of courses be made on pages."""
    _hub[:] = [found]


def hub_rooms() -> HubRooms | None:
    """What the hub's rooms say; None where it has no rooms at all."""
    return _hub[0] if _hub else None


def room(
    name: str, course: Course, given: Given, editor: Editor, *, is_taken: Callable[[str], bool], old: str = ""
) -> Edited:
    """A room as it was typed.

    :param is_taken: of the name that the room would have among all of the hub's.
    :param old: the one that is changed, whose name stays; empty: a new one, which is open at once.
    """
    found = next((each for each in course["rooms"] if each["name"] == old), None)
    if old and found is None:
        return course, [Fault("", say("course_settings.wrong.room.gone", name=old[:80]))]
    made: dict[str, Any] = {"name": old or given.get("name", "").strip(), "is_open": True}
    faults = [] if old else list(_name_faults(name, made["name"], course, is_taken))
    made["title"], wrong = edit.title(given, made["name"])
    faults += wrong
    made["profile"], wrong = edit.profile(given, found, editor)
    faults += wrong
    if found is not None:
        made["is_open"] = found["is_open"]
    elif len(course["rooms"]) >= MOST_ROOMS:
        faults.append(Fault("", say("course_settings.wrong.room.many", most=MOST_ROOMS)))
    others = [made if each is found else each for each in course["rooms"]]
    return {**course, "rooms": others if found is not None else [*others, made]}, faults


def _name_faults(course_name: str, name: str, course: Course, is_taken: Callable[[str], bool]) -> Iterator[Fault]:
    if not re.fullmatch(NAME, name):
        yield Fault("name", say("course_settings.wrong.room.name"))
    elif name in {each["name"] for each in course["rooms"]}:
        yield Fault("name", say("course_settings.wrong.room.twice", name=name))
    elif is_taken(room_of(course_name, name)):
        yield Fault("name", say("course_settings.wrong.room.taken"))


def turned(course: Course, name: str, *, is_open: bool) -> Course:
    """The course with a room open, or closed; its files stay."""
    return {**course, "rooms": [_turned(each, name, is_open=is_open) for each in course["rooms"]]}


def _turned(one: Mapping[str, Any], name: str, *, is_open: bool) -> dict[str, Any]:
    return {**one, "is_open": is_open if one["name"] == name else one["is_open"]}
