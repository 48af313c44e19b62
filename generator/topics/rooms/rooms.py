"""What rooms there are: the operator's `site/rooms.yaml`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.site import reader
from generator.site.reader import Location, SiteFile
from generator.topics.courses.courses import members_data
from generator.topics.courses.same_names import same_names
from generator.topics.courses.site import hub_groups
from generator.topics.labs.labs import LabsConfig, unknown_groups
from generator.topics.rooms.site import ROOMS, Room, Rooms


def load(site: Path, known: LabsConfig, courses: Collection[str]) -> list[Room]:
    """The rooms of a deployment; none where there is no such file.

    :param courses: the names of those that there are.
    :raises HomeroomError: everything that is wrong with it, each with line and column.
    """
    found = reader.load(site / ROOMS, Rooms)
    if found is None:
        return []
    file = SiteFile(site / ROOMS)
    errors = list(same_names(file, ("rooms",), [room.name for room in found.rooms], "room"))
    for index, room in enumerate(found.rooms):
        errors += _faults(file, ("rooms", index), room, known, courses)
    raise_all(errors)
    return list(found.rooms)


def _faults(
    file: SiteFile, location: Location, room: Room, known: LabsConfig, courses: Collection[str]
) -> Iterator[HomeroomError]:
    yield from unknown_groups(file, (*location, "groups"), room.groups, known.groups)
    for index, course in enumerate(room.courses):
        if course not in courses:
            remedy = did_you_mean(course, courses)
            yield file.error((*location, "courses", index), f"there is no course {course}", remedy=remedy)
    profiles = [profile["name"] for profile in known.profiles]
    if room.profile is not None and room.profile not in profiles:
        cause = f"there is no profile {room.profile}"
        yield file.error((*location, "profile"), cause, remedy=did_you_mean(room.profile, profiles))
    if not (room.public or room.people or room.groups or room.courses):
        remedy = "Say people, groups or courses, or public: true."
        yield file.error((*location, "name"), f"nobody may enter the room {room.name}", remedy=remedy)


def as_data(room: Room, known: LabsConfig) -> dict[str, Any]:
    """A room as the hub is told."""
    told = members_data(room.groups, room.people, known)
    of_courses = [group for course in room.courses for group in hub_groups(course)]
    return {
        "name": room.name,
        "title": room.title or room.name,
        "people": told["people"],
        "hub_groups": sorted({*told["hub_groups"], *of_courses}),
        "courses": list(room.courses),
        "is_public": room.public,
        "profile": room.profile or "",
    }
