"""`GET homeroom/disk`: what the lab's page says of its disk."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from homeroom_lab.disk import Disk, look, message

FRESH_SECONDS = 300.0


class DiskHandler(APIHandler):
    """Answers the page; counts at most once in FRESH_SECONDS, in a thread."""

    _last: tuple[float, Disk] | None = None
    _turn = asyncio.Lock()

    @web.authenticated
    async def get(self) -> None:
        """The message, if there is one, and the numbers behind it."""
        cls = DiskHandler
        async with cls._turn:
            if cls._last is None or time.monotonic() - cls._last[0] > FRESH_SECONDS:
                disk = await asyncio.to_thread(look, os.environ, Path.home())
                cls._last = (time.monotonic(), disk)
            disk = cls._last[1]
        said = message(disk)
        answer: dict[str, Any] = {"used_bytes": disk.used_bytes, "soft_limit_bytes": disk.soft_limit_bytes}
        answer |= {"hard_limit_bytes": disk.hard_limit_bytes}
        answer["message"] = {"kind": said[0], "text": said[1]} if said else None
        await self.finish(json.dumps(answer))


def install(web_app: Any) -> None:
    """Answer `GET homeroom/disk` under a server's base URL."""
    base = web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/disk", DiskHandler)])
