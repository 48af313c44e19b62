"""`GET homeroom/shown`: who may be in this lab beside its owner."""

from __future__ import annotations

import json
import os
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.ioloop import IOLoop

from homeroom_lab.shown import ShownWatch


class ShownHandler(APIHandler):
    """Answers the page."""

    def initialize(self, watch: ShownWatch) -> None:
        """:param watch: knows it."""
        self.watch = watch

    @web.authenticated
    async def get(self) -> None:
        """Answer."""
        await self.finish(json.dumps(self.watch.current()))


def install(web_app: Any) -> None:
    """Answer under a server's base URL, and have its page ask, where labs may be shown."""
    if not os.environ.get("HOMEROOM_SHOWN") or "JUPYTERHUB_API_URL" not in os.environ:
        return
    web_app.settings.setdefault("page_config_data", {})["homeroomShown"] = True
    watch, base = ShownWatch(dict(os.environ)), web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/shown", ShownHandler, {"watch": watch})])
    IOLoop.current().add_callback(watch.run)
