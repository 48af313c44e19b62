"""Where people have what is kept of them."""

from __future__ import annotations

from typing import Any

from homeroom.hub.home import Panel, Values


async def own_data(_: Any) -> Values:
    """It is the same for everybody."""
    return {}


PANELS = (Panel(name="own-data", order=90, ask=own_data),)
