"""`GET homeroom/announcements`: what the lab's page shows of the hub's announcements, and an exam that begins soon."""

from __future__ import annotations

import json
import os
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.ioloop import IOLoop

from homeroom_lab.announcements import AnnouncementWatch


class AnnouncementsHandler(APIHandler):
    """Answers the page."""

    def initialize(self, watch: AnnouncementWatch) -> None:
        """:param watch: knows it."""
        self.watch = watch

    @web.authenticated
    async def get(self) -> None:
        """Answer."""
        await self.finish(json.dumps({"announcements": self.watch.current(), "exam": self.watch.exam()}))


def install(web_app: Any) -> None:
    """Answer under a server's base URL; nothing where there is no hub."""
    if "JUPYTERHUB_API_URL" not in os.environ:
        return
    watch, base = AnnouncementWatch(dict(os.environ)), web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/announcements", AnnouncementsHandler, {"watch": watch})])
    IOLoop.current().add_callback(watch.run)
