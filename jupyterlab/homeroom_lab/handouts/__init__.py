"""Handouts: what a group's teacher wants in each member's home. The lab copies it, as its user."""

from __future__ import annotations

from typing import Any

from tornado.ioloop import IOLoop

from homeroom_lab.handouts.deliver import PLACES
from homeroom_lab.handouts.of_desk import SOCKET


def install(web_app: Any) -> None:
    """Deliver as long as the lab runs, and answer `homeroom/handouts`; nothing where the lab can get none: it has no
    folders of them, and no directory in which the hand-in desk may open."""
    if not PLACES.is_dir() and not SOCKET.parent.is_dir():
        return
    from homeroom_lab.handouts.page import HandoutsHandler
    from homeroom_lab.handouts.watch import HandoutWatch

    watch = HandoutWatch()
    base = web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/handouts", HandoutsHandler, {"watch": watch})])
    IOLoop.current().add_callback(watch.run)
