"""The rooms that somebody may enter, on their home page and on a course's."""

from __future__ import annotations

from typing import Any

from homeroom.hub.home import Panel, Values
from homeroom.rooms.open_rooms import of_user


async def rooms(handler: Any) -> Values | None:
    """Each with whether it is open; nothing where there is none."""
    found = of_user(handler, handler.current_user)
    return {"rooms": found} if found else None


PANELS = (Panel(name="rooms", order=35, ask=rooms, refreshed=True, in_exam=False),)
