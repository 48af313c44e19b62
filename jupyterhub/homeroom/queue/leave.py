"""Leaving the queue, from the waiting page: a plain form, so that it needs no script."""

from __future__ import annotations

import asyncio

from jupyterhub.handlers.base import BaseHandler
from tornado import web

LEAVE_SECONDS = 10.0


class LeaveHandler(BaseHandler):
    """`POST /hub/homeroom/leave`: cancels a start; a lab that runs already is left alone."""

    @web.authenticated
    async def post(self) -> None:
        """Cancel the start and go to the hub's home page."""
        server_name = self.get_body_argument("server", "")
        spawner = self.current_user.spawners.get(server_name, None)
        if spawner is not None and spawner.pending == "spawn" and spawner._spawn_future:
            future = spawner._spawn_future
            future.cancel()
            await asyncio.wait([future], timeout=LEAVE_SECONDS)
            if not spawner.pending:
                await self.stop_single_user(self.current_user, server_name)
        self.redirect(f"{self.hub.base_url}home")
