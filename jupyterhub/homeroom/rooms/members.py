"""Who may enter which room: groups of the hub's, `room-<name>`, kept as the rooms say: who left is out."""

from __future__ import annotations

from collections.abc import Iterable

from jupyterhub.orm import User
from sqlalchemy.orm import Session

from homeroom.hub import marked_groups
from homeroom.hub.service_names import is_of_service
from homeroom.rooms.room import Room, room_name

MARK = "homeroom-room"


def take_up(db: Session, rooms: Iterable[Room]) -> bool:
    """Have the groups be as the rooms say, and those of rooms that are gone be gone. Commits.

    :returns: whether anything changed.
    """
    rooms = tuple(rooms)
    people = _people(db, rooms) if rooms else {}
    inside = {room.name: {name for name, groups in people.items() if room.is_for(name, groups)} for room in rooms}
    return marked_groups.take_up(db, MARK, {room_name(name): (name, those) for name, those in inside.items()})


def bring_up_to_date(db: Session, user: User, rooms: Iterable[Room]) -> None:
    """Have one person be in the groups of their rooms, and in no other of these. The caller commits."""
    names = {group.name for group in user.groups}
    wanted = {room_name(room.name): room.name for room in rooms if room.is_for(user.name, names)}
    marked_groups.join(db, MARK, user, wanted)


def _people(db: Session, rooms: Iterable[Room]) -> dict[str, set[str]]:
    """Everybody, with those of their groups that rooms ask for."""
    found: dict[str, set[str]] = {name: set() for (name,) in db.query(User.name) if not is_of_service(name)}
    for group, names in marked_groups.members(db, {group for room in rooms for group in room.hub_groups}).items():
        for name in names & found.keys():
            found[name].add(group)
    return found
