"""`GET homeroom/disk`: what the lab's page says of its disk."""

from __future__ import annotations

import json
import os
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.ioloop import IOLoop

from homeroom_lab.disk import message
from homeroom_lab.disk_watch import DiskWatch, has_limit, tell_hub_again_and_again


class DiskHandler(APIHandler):
    """Answers the page."""

    def initialize(self, watch: DiskWatch) -> None:
        """:param watch: knows the home's state."""
        self.watch = watch

    @web.authenticated
    async def get(self) -> None:
        """The message, if there is one, and the numbers behind it."""
        disk = await self.watch.disk()
        said = message(disk)
        answer: dict[str, Any] = {"used_bytes": disk.used_bytes, "soft_limit_bytes": disk.soft_limit_bytes}
        answer |= {"hard_limit_bytes": disk.hard_limit_bytes}
        answer["message"] = {"kind": said[0], "text": said[1]} if said else None
        await self.finish(json.dumps(answer))


def install(web_app: Any) -> None:
    """Answer `GET homeroom/disk` under a server's base URL, and tell the hub."""
    watch, base = DiskWatch(), web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/disk", DiskHandler, {"watch": watch})])
    if has_limit(os.environ):
        IOLoop.current().add_callback(tell_hub_again_and_again, watch, dict(os.environ))
