"""Keeps rooms, and who may enter them, up to date while the hub runs."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.orm import User
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from homeroom.courses.course import ROOM_PREFIX
from homeroom.rooms import members
from homeroom.rooms.course_rooms import take_up
from homeroom.rooms.room import room_name
from homeroom.shared_labs import users
from homeroom.shared_labs.shared_lab import SharedLab

LOOK_SECONDS = 5.0
ROLE = "room"
"""What is in `jupyter-roles/` of the lab's image for rooms: collaboration, and snapshots."""


async def watch_rooms(hub: Any) -> None:
    """Look again and again, from the hub's start to its end."""
    while True:
        try:
            look(hub)
        except Exception as error:
            hub.log.error("Looking at who may enter which room failed, and is tried again: %r", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()
        await asyncio.sleep(LOOK_SECONDS)


def look(hub: Any) -> None:
    """Look once."""
    rooms = take_up(hub.config, hub.db)
    known = rooms.read()
    if not rooms.is_known:
        return
    if members.take_up(hub.db, known.values()):
        hub.log.info("Rooms, or who may enter them, changed")
    labs = [
        SharedLab(
            name=room_name(room.name),
            entered_by=(room_name(room.name),),
            profile=room.profile,
            role=ROLE,
            title=room.title,
        )
        for room in known.values()
    ]
    users.take_up(hub.db, ROOM_PREFIX, labs)
    users.end_closed(hub, ROOM_PREFIX)


def join_rooms(authenticator: Any, db: Session, user: User) -> None:
    """Have somebody who signs in find their rooms at once."""
    rooms = take_up(authenticator.config, db)
    known = rooms.read()
    if rooms.is_known:
        members.bring_up_to_date(db, user, known.values())
