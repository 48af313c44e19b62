"""The hub's side of the proxy, for labs that listen on Unix sockets."""

from __future__ import annotations

from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy

_SCHEME = "http+unix://"
_PORT = ":80"


class SocketProxy(ConfigurableHTTPProxy):
    """A ConfigurableHTTPProxy that routes to Unix sockets.

    The hub keeps a port with every server, 80 where there is none. Its own client ignores it behind `http+unix://`,
    but the proxy would take it as part of the socket's path (`lab.sock:80`). So it is left out on the way to the
    proxy and put back on the way from it, where the hub compares.

    When a lab was last in use is the lab's own word. The proxy would count every request, and an open page asks for
    something every few seconds for as long as it is open.
    """

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Add a route; a socket's address goes without a port."""
        if target.startswith(_SCHEME):
            target = target.removesuffix(_PORT)
        await super().add_route(routespec, target, data)

    def _reformat_routespec(self, routespec: str, chp_data: dict[str, Any]) -> dict[str, Any]:
        route: dict[str, Any] = super()._reformat_routespec(routespec, chp_data)
        if "user" in route["data"]:
            route["data"].pop("last_activity", None)
            if route["target"].startswith(_SCHEME):
                route["target"] += _PORT
        return route
