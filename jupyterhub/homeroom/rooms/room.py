"""Rooms, as `rooms.json` says them: labs in which several people work in the same documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.courses.course import ROOM_PREFIX


def room_name(name: str) -> str:
    """The user of the hub's whose lab a room is, and the group of those who may enter it: `room-study`."""
    return f"{ROOM_PREFIX}{name}"


def name_of(user: str) -> str:
    """The name of the room that a user's lab is; empty where it is none."""
    return user.removeprefix(ROOM_PREFIX) if user.startswith(ROOM_PREFIX) else ""


@dataclass(frozen=True, kw_only=True)
class Room:
    """One room.

    :param people: who may enter it by name.
    :param hub_groups: groups of the hub's, whose members may enter it.
    :param courses: the courses on whose pages it stands.
    :param is_public: whether everybody may enter it.
    :param profile: the profile that it is started with; empty: the first.
    """

    name: str
    title: str
    people: frozenset[str]
    hub_groups: frozenset[str]
    courses: tuple[str, ...]
    is_public: bool
    profile: str

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Room:
        """:raises KeyError: and TypeError: it is none of ours."""
        return cls(
            name=values["name"],
            title=values["title"],
            people=frozenset(values["people"]),
            hub_groups=frozenset(values["hub_groups"]),
            courses=tuple(values["courses"]),
            is_public=values["is_public"],
            profile=values["profile"],
        )

    def is_for(self, person: str, hub_groups: Collection[str]) -> bool:
        """Whether somebody may enter it."""
        return self.is_public or person in self.people or not self.hub_groups.isdisjoint(hub_groups)
