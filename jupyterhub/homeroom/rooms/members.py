"""Who may enter which room: groups of the hub's, `room-<name>`, kept as the rooms say: who left is out.

The marks of a group tell that it is one of these, so none that an administrator made is ever removed.
"""

from __future__ import annotations

from collections.abc import Iterable

from jupyterhub.orm import Group, User
from sqlalchemy.orm import Session

from homeroom.hub.service_names import is_of_service
from homeroom.rooms.room import Room, room_name

MARK = "homeroom-room"


def take_up(db: Session, rooms: Iterable[Room]) -> bool:
    """Have the groups be as the rooms say, and those of rooms that are gone be gone. Commits.

    :returns: whether anything changed.
    """
    rooms = tuple(rooms)
    wanted = {room_name(room.name): room for room in rooms}
    found = {group.name: group for group in db.query(Group) if MARK in (group.properties or {}) or group.name in wanted}
    people = _people(db, rooms) if rooms else {}
    changed = False
    for name in found.keys() - wanted.keys():
        db.delete(found[name])
        changed = True
    for name, room in wanted.items():
        group = found.get(name)
        if group is None:
            group = Group(name=name)
            db.add(group)
        if MARK not in (group.properties or {}):
            group.properties = {**(group.properties or {}), MARK: room.name}
            changed = True
        inside = {person for person, groups in people.items() if room.is_for(person, groups)}
        if inside != {user.name for user in group.users}:
            group.users = db.query(User).filter(User.name.in_(inside)).all() if inside else []
            changed = True
    if changed:
        db.commit()
    return changed


def bring_up_to_date(db: Session, user: User, rooms: Iterable[Room]) -> None:
    """Have one person be in the groups of their rooms, and in no other of these. The caller commits."""
    own = {group.name: group for group in user.groups}
    wanted = {room_name(room.name): room.name for room in rooms if room.is_for(user.name, own.keys())}
    for name, group in own.items():
        if MARK in (group.properties or {}) and name not in wanted:
            user.groups.remove(group)
    for name in wanted.keys() - own.keys():
        group = Group.find(db, name)
        if group is None:
            group = Group(name=name, properties={MARK: wanted[name]})
            db.add(group)
        user.groups.append(group)


def _people(db: Session, rooms: Iterable[Room]) -> dict[str, set[str]]:
    """Everybody, with those of their groups that rooms ask for."""
    found: dict[str, set[str]] = {name: set() for (name,) in db.query(User.name) if not is_of_service(name)}
    asked = {group for room in rooms for group in room.hub_groups}
    rows = db.query(Group.name, User.name).join(Group.users).filter(Group.name.in_(asked)) if asked else ()
    for group, name in rows:
        if name in found:
            found[name].add(group)
    return found
