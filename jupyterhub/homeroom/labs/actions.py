"""What people do with their labs on the home page by plain forms: stop one, keep one for longer, start
one with a name, delete one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from jupyterhub.scopes import needs_scope
from jupyterhub.slugs import is_valid_safe_slug, safe_slug
from jupyterhub.user import User
from jupyterhub.utils import url_path_join
from tornado import web

from homeroom.labs.pages import LabHandler
from homeroom.texts.refusal import Refusal

LONGEST_NAME = 64


class StopHandler(LabHandler):
    """POST `/hub/homeroom/labs/NAME/stop[/LAB]`: stops a lab. The home page shows it while it takes its time."""

    @web.authenticated
    async def get(self, user_name: str, server_name: str | None = None) -> None:
        """Who comes by a link or a reload is shown the home page; nothing is done."""
        self.redirect(url_path_join(self.hub.base_url, "home"))

    @web.authenticated
    async def post(self, user_name: str, server_name: str | None = None) -> None:
        """Stop the lab and go to the home page."""
        await self._stop(user_name=user_name, server_name=server_name or "")

    @needs_scope("delete:servers")
    async def _stop(self, user_name: str, server_name: str) -> None:
        user = self.owner(user_name)
        self.known_server(user, server_name)
        if user.spawners[server_name].ready:
            await self.stop_single_user(user, server_name)
        self.redirect(url_path_join(self.hub.base_url, "home"))


class MoreTimeHandler(LabHandler):
    """POST `/hub/homeroom/labs/NAME/more-time[/LAB]`: two more hours for a lab, as far as its profile allows them."""

    @web.authenticated
    async def get(self, user_name: str, server_name: str | None = None) -> None:
        """Who comes by a link or a reload is shown the home page; nothing is done."""
        self.redirect(url_path_join(self.hub.base_url, "home"))

    @web.authenticated
    async def post(self, user_name: str, server_name: str | None = None) -> None:
        """Give it and go to the home page."""
        self._give(user_name=user_name, server_name=server_name or "")

    @needs_scope("servers")
    def _give(self, user_name: str, server_name: str) -> None:
        user = self.owner(user_name)
        self.known_server(user, server_name)
        lab = user.spawners[server_name]
        if lab.ready and lab.time.give_more():
            self.log.info("%s gives the lab %s two more hours", self.current_user.name, lab._log_name)
        self.redirect(url_path_join(self.hub.base_url, "home"))


class NewHandler(LabHandler):
    """`/hub/homeroom/labs/NAME/new?lab=TITLE`: leads to the start of a lab with this title; it starts nothing."""

    @web.authenticated
    async def get(self, user_name: str) -> None:
        """Find the name that belongs to the title, and go to the page that starts it."""
        title = self.get_query_argument("lab", "")[:LONGEST_NAME]
        name = title if is_valid_safe_slug(title) else safe_slug(title)
        where = url_path_join(self.hub.base_url, "spawn", quote(user_name, safe=""), quote(name, safe=""))
        self.redirect(where if name == title else f"{where}?{urlencode({'display_name': title})}")


class DeleteHandler(LabHandler):
    """`/hub/homeroom/labs/NAME/delete/LAB`: asks first (GET), then forgets a lab with a name. Files stay."""

    @web.authenticated
    async def get(self, user_name: str, server_name: str) -> None:
        """Ask."""
        await self._ask(user_name=user_name, server_name=server_name)

    @web.authenticated
    async def post(self, user_name: str, server_name: str) -> None:
        """Delete it and go to the home page."""
        await self._delete(user_name=user_name, server_name=server_name)

    @needs_scope("delete:servers")
    async def _ask(self, user_name: str, server_name: str) -> None:
        user, lab = self._stopped(user_name, server_name)
        self.finish(await self.render_template("lab-delete.html", owner=user, lab=lab))

    @needs_scope("delete:servers")
    async def _delete(self, user_name: str, server_name: str) -> None:
        user, lab = self._stopped(user_name, server_name)
        await user._delete_spawner(lab)
        self.db.delete(lab.orm_spawner)
        user.spawners.pop(server_name, None)
        self.db.commit()
        self.redirect(url_path_join(self.hub.base_url, "home"))

    def _stopped(self, user_name: str, server_name: str) -> tuple[User, Any]:
        """Whose lab it is, and the lab. :raises Refusal: 404, there is none; 409, it runs."""
        user = self.owner(user_name)
        self.known_server(user, server_name)
        lab = user.spawners[server_name]
        if lab.active:
            raise Refusal(409, "labs.delete.running", lab=server_name)
        return user, lab
