"""Announcements on the home page, and the way to where they are made for whoever may make them."""

from __future__ import annotations

from typing import Any

from homeroom.announcements.pages import audiences_of
from homeroom.announcements.readers import authors, of_user
from homeroom.hub.home import Panel, Values


async def announcements(handler: Any) -> Values | None:
    """What the person is to read. It is there when there is nothing, too: an open page shows what comes."""
    found = of_user(handler.db, handler.current_user)
    return {"announcements": found, "authors": authors(handler.db, found)}


async def way(handler: Any) -> Values | None:
    """Where announcements are made; nothing for who may make none."""
    return {} if audiences_of(handler) else None


PANELS = (
    Panel(name="announcements", order=5, ask=announcements, refreshed=True),
    Panel(name="announcements-way", order=81, ask=way),
)
