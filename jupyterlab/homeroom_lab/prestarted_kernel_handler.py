"""`POST homeroom/prestarted-kernel`: a page is open, and may soon ask for a kernel."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado import web

from homeroom_lab.prestarted_kernel import KEPT_SECONDS, prestarted
from homeroom_lab.start import PLAIN


class PrestartedKernelHandler(APIHandler):
    """Answers the page, which asks while it is drawn."""

    _end: asyncio.TimerHandle | None = None

    @web.authenticated
    async def post(self) -> None:
        """Prepare the prestarted kernel, where none runs, and keep it for KEPT_SECONDS."""
        cls = PrestartedKernelHandler
        if not (os.environ.get(PLAIN) or self.kernel_manager.list_kernel_ids()):
            name = self.kernel_manager.default_kernel_name
            spec = await ensure_async(self.kernel_spec_manager.get_kernel_spec(name))
            if prestarted.prepare(spec.argv):
                if cls._end:
                    cls._end.cancel()
                cls._end = asyncio.get_running_loop().call_later(KEPT_SECONDS, prestarted.drop)
        self.set_status(204)
        await self.finish()


def install(web_app: Any) -> None:
    """Answer `POST homeroom/prestarted-kernel` under a server's base URL."""
    base = web_app.settings["base_url"].rstrip("/")
    web_app.add_handlers(".*$", [(f"{base}/homeroom/prestarted-kernel", PrestartedKernelHandler)])
