"""Where people find earlier versions of their own files, where there are copies."""

from __future__ import annotations

from typing import Any

from homeroom.hub.home import Panel, Values


async def copies(handler: Any) -> Values | None:
    """The same for everybody; nothing where people see no copies."""
    return {} if handler.settings["template_vars"].get("shows_copies") else None


PANELS = (Panel(name="copies", order=80, ask=copies, in_exam=False),)
