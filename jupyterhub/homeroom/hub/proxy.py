"""The hub's side of the proxy, for labs that listen on Unix sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from jupyterhub.proxy import ConfigurableHTTPProxy
from traitlets import Instance

from homeroom.contract import sockets
from homeroom.hub.labs_host import LabsHost

_SCHEME = f"{sockets.SCHEME}://"
_PORT = ":80"
WATCH_SECONDS = 0.5


class SocketProxy(ConfigurableHTTPProxy):
    """A ConfigurableHTTPProxy that routes to Unix sockets.

    The hub keeps a port with every server, 80 where there is none. Its own client ignores it behind `http+unix://`,
    but the proxy would take it as part of the socket's path (`lab.sock:80`). So it is left out on the way to the
    proxy and put back on the way from it, where the hub compares.

    When a lab was last in use is the lab's own word. The proxy would count every request, and an open page asks for
    something every few seconds for as long as it is open.

    A proxy that was killed comes back without any route, and makes its API's socket anew. That is watched, so labs are
    routed again within a second; the hub itself looks every five minutes.
    """

    labs_host = Instance(
        LabsHost,
        allow_none=True,
        help="Hosts that labs have for themselves; None where they share the hub's. Routes go by path all the same.",
    ).tag(config=True)

    _watch: asyncio.Task[None] | None = None

    async def check_routes(self, user_dict: Any, service_dict: Any, routes: Any = None) -> None:
        """Compare the proxy's routes with what runs; the hub's first check, at its start, begins the watch too."""
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_socket(user_dict, service_dict))
        await super().check_routes(user_dict, service_dict, routes)

    async def _watch_socket(self, user_dict: Any, service_dict: Any) -> None:
        """Check the routes whenever there is another socket than before."""
        known = self._socket()
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            present = self._socket()
            if present in (None, known):
                continue
            self.log.warning("There is a new proxy: telling it the routes")
            try:
                await super().check_routes(user_dict, service_dict)
                known = present
            except Exception:  # of whatever kind: it is tried again
                self.log.exception("The new proxy could not be told the routes")

    def _socket(self) -> tuple[int, int] | None:
        """What tells the socket of one proxy from that of the next; None where there is none."""
        try:
            found = Path(unquote(urlsplit(self.api_url).netloc)).stat()
        except OSError:
            return None
        return found.st_ino, found.st_ctime_ns

    async def add_user(self, user: Any, server_name: str = "") -> None:
        """Make the way to a lab, unless nobody may enter it now."""
        if not getattr(user.spawners[server_name], "is_closed", False):
            await super().add_user(user, server_name)

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Add a route; a socket's address goes without a port, and a lab's says by which host alone it is found."""
        if target.startswith(_SCHEME):
            target = target.removesuffix(_PORT)
        if "user" in data and (host := routespec.partition("/")[0]):
            data = {**data, "host": host}
        await super().add_route(routespec, target, data)

    def validate_routespec(self, routespec: str) -> str:
        """A route with a slash at its end, with a host before its path or without."""
        return routespec if routespec.endswith("/") else f"{routespec}/"

    def _routespec_to_chp_path(self, routespec: str) -> str:
        path: str = super()._routespec_to_chp_path(routespec[routespec.index("/") :])
        return path

    def _routespec_from_chp_path(self, chp_path: str) -> str:
        """The route of a path: with labs on hosts of their own the hub writes theirs with it."""
        return f"{self._host_of(chp_path)}{self.validate_routespec(quote(chp_path, safe='@/~'))}"

    def _host_of(self, chp_path: str) -> str:
        if self.labs_host is None or not chp_path.startswith(labs := f"{self.app.base_url}user/"):
            return ""
        return self.labs_host(chp_path.removeprefix(labs).partition("/")[0])

    def _reformat_routespec(self, routespec: str, chp_data: dict[str, Any]) -> dict[str, Any]:
        route: dict[str, Any] = super()._reformat_routespec(routespec, chp_data)
        if "user" in route["data"]:
            route["data"].pop("last_activity", None)
            if route["data"].pop("host", "") != routespec.partition("/")[0]:
                route["target"] = ""  # of other settings: it is not what the hub keeps, and so is told anew
            elif route["target"].startswith(_SCHEME):
                route["target"] += _PORT
        return route
