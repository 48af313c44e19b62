"""What the home page shows of handouts: which came into the home, and how; and where links are made."""

from __future__ import annotations

from typing import Any

from homeroom.handouts.records import of_user
from homeroom.hub.home import Panel, Values


async def handouts(handler: Any) -> Values | None:
    """The handouts that the person's lab told of; nothing where there is none."""
    found = of_user(handler.db, handler.current_user.name)
    return {"handouts": found} if found else None


async def git_link(handler: Any) -> Values | None:
    """Where links are made that fetch a repository: for administrators, who tell it to whoever teaches."""
    is_shown = handler.current_user.admin and handler.settings["template_vars"]["git_links"]
    return {} if is_shown else None


PANELS = (
    Panel(name="handouts", order=30, ask=handouts, in_exam=False),
    Panel(name="git-link", order=80, ask=git_link),
)
