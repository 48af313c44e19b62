"""What people do with their own lab from the hub's home page: restart it, and reset what they installed."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from jupyterhub.utils import url_path_join
from tornado import web

from homeroom.texts.refusal import Refusal

STOP_SECONDS = 60
POLL_SECONDS = 0.1


class LabHandler(SpawnHandler):
    """A form that ends in a lab that is started anew. It borrows the hub's own way of starting one."""

    def owner(self, user_name: str) -> User:
        """The user whose lab it is. :raises HTTPError: 404, there is none."""
        user = self.find_user(user_name)
        if user is None:
            raise Refusal(404, "labs.wrong.unknown_user", name=user_name)
        return user

    def known_server(self, user: User, server_name: str) -> None:
        """:raises HTTPError: 404, the user has no lab of this name."""
        if server_name and (not self.allow_named_servers or server_name not in user.orm_spawners):
            raise Refusal(404, "labs.wrong.unknown_lab", name=user.name, lab=server_name)

    async def begin_anew(self, user: User, server_name: str, *, reset: bool) -> None:
        """Stop a lab where it runs, start it as it was started last, and go to the page that waits for it.

        :raises HTTPError: 409, it is just starting or stopping; 504, it does not stop.
        """
        spawner = user.get_or_create_spawner(server_name, server_name)
        if spawner.pending:
            raise Refusal(409, "labs.wrong.busy")
        if spawner.active:
            spawner.start_queue.keep(spawner.key)  # or a lab in the queue would have its memory
        try:
            await self.stop_lab(user, server_name)
            spawner = user.get_or_create_spawner(server_name, server_name, replace_failed=True)
            spawner.reset_at_start(reset)
            pending_url = self._get_pending_url(user, server_name)
            await self._wrap_spawn_single_user(user, server_name, server_name, spawner, pending_url)
        finally:
            if spawner.pending != "spawn":
                spawner.start_queue.release(spawner.key)

    async def stop_lab(self, user: User, server_name: str) -> None:
        """Stop a lab where it runs, and wait until it is gone. :raises HTTPError: 504, it does not stop."""
        spawner = user.spawners[server_name]
        if spawner.active:
            await self.stop_single_user(user, server_name)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STOP_SECONDS
        while spawner.pending:
            if loop.time() > deadline:
                raise Refusal(504, "labs.wrong.does_not_stop")
            await asyncio.sleep(POLL_SECONDS)


class RestartHandler(LabHandler):
    """POST `/hub/homeroom/labs/NAME/restart[/SERVER]`: stop the lab, start it again with the same choice."""

    @web.authenticated
    async def get(self, user_name: str, server_name: str | None = None) -> None:
        """Who comes by a link or a reload is shown the home page; nothing is done."""
        self.redirect(url_path_join(self.hub.base_url, "home"))

    @web.authenticated
    async def post(self, user_name: str, server_name: str | None = None) -> None:
        """Restart the lab."""
        await self._restart(user_name=user_name, server_name=server_name or "")

    @needs_scope("servers")
    async def _restart(self, user_name: str, server_name: str) -> None:
        user = self.owner(user_name)
        self.known_server(user, server_name)
        await self.begin_anew(user, server_name, reset=False)


class ResetHandler(LabHandler):
    """`/hub/homeroom/labs/NAME/reset`: asks first (GET), then starts the lab as on its first day, but for files."""

    @web.authenticated
    async def get(self, user_name: str) -> None:
        """Ask."""
        await self._ask(user_name=user_name)

    @web.authenticated
    async def post(self, user_name: str) -> None:
        """Reset."""
        await self._reset(user_name=user_name)

    @needs_scope("servers")
    async def _ask(self, user_name: str) -> None:
        user = self.owner(user_name)
        html: Any = await self.render_template("lab-reset.html", owner=user, lab=user.spawner, others=others(user))
        self.finish(html)

    @needs_scope("servers")
    async def _reset(self, user_name: str) -> None:
        user = self.owner(user_name)
        if others(user):
            raise Refusal(409, "labs.reset.others", labs=others(user))
        await self.begin_anew(user, "", reset=True)


def others(user: User) -> list[str]:
    """The named labs of a user that run: they share the home whose environment is to be reset."""
    return sorted(spawner.name for spawner in user.spawners.values() if spawner.name and spawner.active)


def further_labs(handler: Any) -> int:
    """How many named labs the user behind a request may have; 0 is none, and the spawner sees to it."""
    person = handler.current_user
    return int(person.spawner.most_labs - 1) if isinstance(person, User) else 0
