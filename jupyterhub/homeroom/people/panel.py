"""Where people have what is kept of them, and read when their access ends."""

from __future__ import annotations

from datetime import date
from typing import Any

from homeroom.hub.home import Panel, Values
from homeroom.people.ends import last_day


async def own_data(_: Any) -> Values:
    """It is the same for everybody."""
    return {}


async def access_ends(handler: Any) -> Values | None:
    """The last day of somebody whose groups all end, from the first notice on; nothing for others, and for
    administrators."""
    told, user = handler.settings["template_vars"].get("group_ends"), handler.current_user
    if not told or user.admin:
        return None
    day = last_day(user.name, [group.name for group in user.groups], told["groups"])
    if day is None or (day - date.today()).days > told["notice_days"]:
        return None
    return {"day": day.isoformat(), "is_over": day < date.today()}


PANELS = (
    Panel(name="access-ends", order=20, ask=access_ends),
    Panel(name="own-data", order=90, ask=own_data),
)
