"""Handouts: what a group's teacher wants in each member's home. The lab copies it, as its user."""

from __future__ import annotations

from typing import Any

from tornado.ioloop import IOLoop

from homeroom_lab.handouts.deliver import PLACES


def install(web_app: Any) -> None:
    """Deliver as long as the lab runs, and answer `homeroom/handouts`; nothing where the lab has no handouts."""
    if not PLACES.is_dir():
        return
    from homeroom_lab.handouts.page import HandoutsHandler
    from homeroom_lab.handouts.watch import HandoutWatch

    watch = HandoutWatch()
    base = web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/handouts", HandoutsHandler, {"watch": watch})])
    IOLoop.current().add_callback(watch.run)
