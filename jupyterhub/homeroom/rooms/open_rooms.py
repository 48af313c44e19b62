"""What people are shown of rooms: which they may enter, and which are open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from homeroom.rooms.room import room_name
from homeroom.rooms.rooms_file import Rooms


def of_user(handler: Any, user: Any, course: str = "") -> list[dict[str, Any]]:
    """The rooms that somebody may enter; those of a course where one is named.

    :param handler: of a request, whose hub it is.
    """
    known = Rooms.instance(config=handler.settings["config"]).read()
    own = {group.name for group in user.groups}
    found = []
    for room in sorted(known.values(), key=lambda each: each.title):
        name = room_name(room.name)
        if name in own and (not course or course in room.courses):
            lab = handler.find_user(name)
            prefix = f"{handler.base_url}user/{name}/lab"
            found.append(
                {
                    "name": room.name,
                    "title": room.title,
                    "page": f"{handler.hub.base_url}spawn/{name}?{urlencode({'next': prefix})}",
                    "is_open": lab is not None and bool(lab.spawner.active),
                }
            )
    return found
