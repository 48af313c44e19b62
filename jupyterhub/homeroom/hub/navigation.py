"""Pages that do something when they are merely visited: signing out, starting a lab. Links of other websites ask first.
And pages on the way into a lab: what a link leads to is kept on all of it.

A browser says where a visit comes from, on addresses it takes for safe (`Sec-Fetch-Site`). On plain HTTP it does not:
there a cookie tells, which it sends along with visits from pages of ours, and with addresses that were typed, alone.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote

from jupyterhub.handlers.base import UserRedirectHandler
from jupyterhub.handlers.login import LogoutHandler
from jupyterhub.handlers.pages import SpawnHandler, SpawnPendingHandler
from jupyterhub.utils import url_path_join
from tornado import web
from tornado.httputil import url_concat

from homeroom.hub.addresses import host_of
from homeroom.hub.limits import NamedLabs

HERE = "homeroom-here"
KEPT_DAYS = 30
ANSWERS = frozenset({"next", "display_name"})
"""Parameters of a link to a lab that start nothing by themselves."""


def comes_from_here(handler: Any) -> bool:
    """Whether a visit comes from a page of this hub or its labs, or from no page at all: typed, or a bookmark."""
    site = handler.request.headers.get("Sec-Fetch-Site")
    if site is not None:
        here = site in ("same-origin", "none")
    else:
        referer = handler.request.headers.get("Referer", "")
        here = handler.get_cookie(HERE) is not None or host_of(referer) == handler.request.host
    if here:
        remember_here(handler)
    return here


def remember_here(handler: Any) -> None:
    """Have the browser tell visits from here from others'."""
    if handler.get_cookie(HERE) is None:
        path = handler.hub.base_url
        handler._set_cookie(HERE, "1", encrypted=False, path=path, expires_days=KEPT_DAYS, samesite="Strict")


class SignOutHandler(LogoutHandler):
    """`/hub/logout`: a visit from elsewhere asks first."""

    async def get(self) -> None:
        """Sign out, or ask."""
        if self.current_user is None or comes_from_here(self):
            await super().get()
            return
        self.finish(await self.render_template("sign-out.html"))

    @web.authenticated
    async def post(self) -> None:
        """Sign out, by the page that asks."""
        await super().get()


class StartHandler(NamedLabs, SpawnHandler):
    """`/hub/spawn[/NAME[/LAB]]`: a visit from elsewhere that would start a lab asks first. Links of a learning platform
    work with one more click, or with none where the lab runs already."""

    @web.authenticated
    def get(self, user_name: str | None = None, server_name: str | None = "") -> Any:
        """Start the lab, show the choice of labs, or ask."""
        if comes_from_here(self):
            return super().get(user_name, server_name or "")
        return self._from_elsewhere(user_name, server_name or "")

    @web.authenticated
    def post(self, user_name: str | None = None, server_name: str | None = "", display_name: str = "") -> Any:
        """Start the lab that was chosen. Where it runs by now, or is starting, since another page chose it, this one
        leads there, too."""
        lab, own = server_name or "", self.current_user
        if user_name in (None, own.name) and lab in own.orm_spawners and own.spawners[lab].active:
            self.redirect(self._get_pending_url(own, lab))
            return None
        return super().post(user_name, lab, display_name)

    async def _from_elsewhere(self, user_name: str | None, server_name: str) -> None:
        name = user_name or self.current_user.name
        own = self.current_user if name == self.current_user.name else None
        if own is not None and await self._starts_nothing(own, server_name):
            await super().get(user_name, server_name)
            return
        remember_here(self)
        html = await self.render_template(
            "start.html",
            person="" if own is not None else name,
            server_name=server_name,
            start_url=self.request.uri,
            opens=self._validate_next_url(self.get_argument("next", "")),
        )
        self.finish(html)

    async def _starts_nothing(self, user: Any, server_name: str) -> bool:
        """Whether the visit leads to a lab that is there, or to the choice of one."""
        if server_name not in user.orm_spawners:
            return False
        if user.spawners[server_name].active:
            return True
        chosen = self.request.query_arguments.keys() - ANSWERS
        return not chosen and bool(await user.spawners[server_name].get_options_form())


class PendingHandler(SpawnPendingHandler):
    """`/hub/spawn-pending/NAME[/LAB]`: who is told that there is no lab, as after waiting in the queue in vain, and
    starts again is led on to where they wanted to go. JupyterHub forgets that."""

    def render_template(self, name: str, **values: Any) -> Any:
        """As the hub's; what the page's button starts leads on."""
        wanted = self.get_argument("next", "")
        if wanted and "spawn_url" in values:
            values["spawn_url"] = url_concat(values["spawn_url"], {"next": wanted})
        return super().render_template(name, **values)


class RedirectHandler(UserRedirectHandler):
    """`/hub/user-redirect/...`: a page of the lab of whoever comes. JupyterHub takes what stands in a file's name, such
    as `#` and `?`, for parts of the address; and it names the host of labs, which its next page takes for a stranger's
    where it is not below the hub's."""

    @web.authenticated
    async def get(self, path: str) -> None:
        """Lead there, by an address of the hub's own."""
        if self.app.user_redirect_hook is not None:
            await super().get(path)
            return
        own, lab = self.current_user, self.app.default_server_name
        page = url_concat(url_path_join(own.base_url, lab, quote(path)), parse_qsl(self.request.query))
        self.redirect(url_concat(url_path_join(self.hub.base_url, "spawn", own.escaped_name, lab), {"next": page}))


handlers = [
    (r"/logout", SignOutHandler),
    (r"/spawn", StartHandler),
    (r"/spawn/([^/]+)", StartHandler),
    (r"/spawn/([^/]+)/([^/]+)", StartHandler),
    (r"/spawn-pending/([^/]+)", PendingHandler),
    (r"/spawn-pending/([^/]+)/([^/]*)", PendingHandler),
    (r"/user-redirect/(.*)?", RedirectHandler),
]
