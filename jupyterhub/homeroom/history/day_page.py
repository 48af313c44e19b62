"""The page for administrators that shows how a day went."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import date, timedelta
from pathlib import Path

from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from homeroom.history.day import HEIGHT, WIDTH, Day, read
from homeroom.history.recorder import History

UNREADABLE = "The history cannot be read: %s"


class DayHandler(BaseHandler):
    """`/hub/homeroom/day?day=2026-11-27`: labs, people, memory and waits of a day, of nobody by name."""

    @web.authenticated
    @needs_scope("admin:users")
    async def get(self) -> None:
        """Show it; today where no day is named that has begun."""
        today = date.today()
        day = asked_day(self.get_argument("day", ""), today)
        is_readable = True
        try:
            shown = await asyncio.to_thread(read, Path(History(config=self.config).path), day)
        except sqlite3.Error as error:
            self.log.warning(UNREADABLE, error)
            shown, is_readable = Day(day=day), False
        self.finish(
            await self.render_template(
                "day.html",
                shown=shown,
                before=day - timedelta(days=1),
                after=day + timedelta(days=1) if day < today else None,
                is_readable=is_readable,
                width=WIDTH,
                height=HEIGHT,
            )
        )


def asked_day(words: str, today: date) -> date:
    """The day that an address names; today where it names none, or one that has not begun."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return today
    return min(day, today) if day.year > 1970 else today
