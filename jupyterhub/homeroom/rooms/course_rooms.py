"""Rooms that were made on the pages of courses: all members of the course enter them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from homeroom.courses.course import ROLES, Course, group_name, room_of
from homeroom.courses.made import records
from homeroom.courses.made.take_up import take_up as take_up_courses
from homeroom.rooms.room import Room, room_name
from homeroom.rooms.rooms_file import Rooms
from homeroom.shared_labs.users import is_or_was_there


def take_up(config: Any, db: Session) -> Rooms:
    """Have the hub know the rooms of courses as they are now, beside those of the file."""
    courses, rooms = take_up_courses(config, db), Rooms.instance(config=config)
    known = courses.read()
    if courses.is_known:
        rooms.give_courses(of_courses(known.values(), time.time()))
    return rooms


def of_courses(courses: Iterable[Course], now: float) -> dict[str, Room]:
    """Those that are open, by name; of a course that is archived there are none."""
    return {room.name: room for course in courses if not course.is_archived(now) for room in _of_course(course)}


def _of_course(course: Course) -> list[Room]:
    return [
        Room(
            name=room_of(course.name, each.name),
            title=each.title,
            people=frozenset(),
            hub_groups=frozenset(group_name(course.name, role) for role in ROLES),
            courses=(course.name,),
            is_public=False,
            profile=each.profile or course.profile,
        )
        for each in course.rooms
        if each.is_open
    ]


def can_be(config: Any) -> bool:
    """Whether the lab image can be worked in by several at once."""
    return Rooms.instance(config=config).with_collaboration


def is_taken(config: Any, db: Session, name: str) -> bool:
    """Whether there is or was a room of this name: in the file, closed in a course, or with its files alone."""
    if name in Rooms.instance(config=config).of_file:
        return True
    rooms = (room_of(each.name, room["name"]) for each in records.all_kept(db) for room in each.values.get("rooms", ()))
    return name in rooms or is_or_was_there(db, room_name(name))
