"""What the home page shows of handouts: which came into the home, and how."""

from __future__ import annotations

from typing import Any

from homeroom.handouts.records import of_user
from homeroom.hub.home import Panel, Values


async def handouts(handler: Any) -> Values | None:
    """The handouts that the person's lab told of; nothing where there is none."""
    found = of_user(handler.db, handler.current_user.name)
    return {"handouts": found} if found else None


PANELS = (Panel(name="handouts", order=30, ask=handouts),)
