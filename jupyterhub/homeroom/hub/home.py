"""The home page, made of panels: a room has its own in `panel.py`, and a template of the same name in `panels/`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from jupyterhub.handlers import pages
from tornado import web

ROOMS = Path(__file__).parents[1]
REFRESH_SECONDS = 15
Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A part of the home page.

    :param name: of its template, `panels/<name>.html`, which is given `panel`: what `ask` gave.
    :param order: where it stands; the smallest number first.
    :param ask: tells, of a handler whose person is signed in, what it shows; None: it is left out.
    :param refreshed: whether the page asks for it again and again: each part of its template with `data-fresh` is
        replaced by the new one of the same value.
    :param in_exam: whether it is there while its person sits an exam, and enters no lab but that of the exam.
    """

    name: str
    order: int
    ask: Callable[[Any], Awaitable[Values | None]]
    refreshed: bool = False
    in_exam: bool = True


@cache
def known() -> tuple[Panel, ...]:
    """The panels of all rooms, in their order."""
    rooms = sorted(path.parent.name for path in ROOMS.glob("*/panel.py"))
    found: list[Panel] = [each for room in rooms for each in import_module(f"homeroom.{room}.panel").PANELS]
    return tuple(sorted(found, key=lambda panel: (panel.order, panel.name)))


async def shown(handler: Any, panels: Iterable[Panel]) -> list[tuple[Panel, Values]]:
    """The panels that somebody is shown, each with what it shows. One that fails is left out, and the log says why."""
    found = []
    sits_exam = handler.current_user.spawner.sits_exam
    for panel in panels:
        if sits_exam and not panel.in_exam:
            continue
        try:
            values = await panel.ask(handler)
        except Exception:  # of whatever kind: the page has other parts
            handler.log.exception("The panel %s of the home page cannot be shown", panel.name)
            continue
        if values is not None:
            found.append((panel, values))
    return found


class HomeHandler(pages.HomeHandler):
    """`/hub/home`: JupyterHub's, with panels."""

    panels: list[tuple[Panel, Values]] = []

    @web.authenticated
    async def get(self) -> None:
        """Show it."""
        await self._show(known())

    async def _show(self, panels: Iterable[Panel]) -> None:
        if self.current_user.running:
            await self.current_user.spawner.poll_and_notify()  # of a lab that died, the panels know
        self.panels = await shown(self, panels)
        await super().get()

    def render_template(self, name: str, sync: bool = False, **values: Any) -> Any:
        """As JupyterHub's, with the panels."""
        return super().render_template(name, sync, panels=self.panels, refresh_seconds=REFRESH_SECONDS, **values)


class PanelHandler(HomeHandler):
    """`/hub/homeroom/panels/NAME`: one panel as it is now, for a home page that is open."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """Show it alone."""
        found = [panel for panel in known() if panel.name == name and panel.refreshed]
        if not found:
            raise web.HTTPError(404)
        await self._show(found)

    def render_template(self, name: str, sync: bool = False, **values: Any) -> Any:
        """The panels alone in the place of the page."""
        return super().render_template("panels.html" if name == "home.html" else name, sync, **values)


handlers = [(r"/home", HomeHandler), (r"/homeroom/panels/([a-z-]+)", PanelHandler)]
