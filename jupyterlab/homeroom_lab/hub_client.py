"""A lab's calls to the hub, over the hub's Unix socket, with what the server has loaded anyway.

It stands for `jupyterhub.httpclient.fetch`, which would load aiohttp into every lab. What it does not know goes there.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from contextlib import closing
from importlib import import_module
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tornado.httputil import HTTPHeaders
from tornado.netutil import Resolver

SCHEME = "http+unix"
LONGEST_SECONDS = 300.0


class HubSaysNo(Exception):
    """The hub's answer is an error, where the caller wanted that raised."""


class HubAnswer:
    """An answer of the hub's, with what callers read of an answer of aiohttp's."""

    def __init__(self, status: int, headers: HTTPHeaders, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.ok = status < 400
        self._body = body

    async def text(self) -> str:
        """The body as text."""
        return self._body.decode()


class _SocketResolver(Resolver):
    """Finds every host at one Unix socket."""

    def initialize(self, path: str) -> None:
        self.path = path

    async def resolve(self, host: str, port: int, family: Any = socket.AF_UNSPEC) -> list[tuple[int, Any]]:
        return [(socket.AF_UNIX, self.path)]


async def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    data: str | bytes | None = None,
    raise_for_status: bool = True,
    **further: Any,
) -> Any:
    """One call to the hub.

    :raises HubSaysNo: an answer of 400 or more, with `raise_for_status`.
    :raises OSError: there is no listener on the socket.
    """
    parts = urlsplit(url)
    if parts.scheme != SCHEME or further:
        options = {"method": method, "headers": headers, "data": data, "raise_for_status": raise_for_status, **further}
        return await import_module("jupyterhub.httpclient").fetch(url, **options)

    from tornado.httpclient import HTTPRequest
    from tornado.simple_httpclient import SimpleAsyncHTTPClient

    request = HTTPRequest(
        f"http://hub{parts.path}{'?' if parts.query else ''}{parts.query}",
        method,
        headers or {},
        data,
        follow_redirects=False,
        connect_timeout=LONGEST_SECONDS,
        request_timeout=LONGEST_SECONDS,
        allow_nonstandard_methods=True,
    )
    resolver = _SocketResolver(path=unquote(parts.netloc))
    with closing(SimpleAsyncHTTPClient(force_instance=True, resolver=resolver)) as client:
        response = await client.fetch(request, raise_error=False)
    if raise_for_status and response.code >= 400:
        raise HubSaysNo(f"{method} {parts.path}: {response.code} {response.reason}")
    return HubAnswer(response.code, response.headers, response.body)


async def tell(what: str, body: object, environment: Mapping[str, str]) -> bool:
    """Tell the hub something of this lab's user; returns whether it could be told.

    A hub that is away, or of an older Homeroom, is told the next time.
    """
    user = quote(environment["JUPYTERHUB_USER"], safe="")
    headers = {"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}", "Content-Type": "application/json"}
    try:
        answer = await fetch(
            f"{environment['JUPYTERHUB_API_URL']}/homeroom/{what}/{user}",
            method="POST",
            headers=headers,
            data=json.dumps(body),
            raise_for_status=False,
        )
    except OSError:
        return False
    return bool(answer.ok)


async def told(what: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the hub tells this lab's user of something.

    :raises OSError: there is no listener on the socket. ValueError: it does not tell.
    """
    user = quote(environment["JUPYTERHUB_USER"], safe="")
    answer = await fetch(
        f"{environment['JUPYTERHUB_API_URL']}/homeroom/{what}/{user}",
        headers={"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}"},
        raise_for_status=False,
    )
    if not answer.ok:
        raise ValueError(answer.status)
    found: dict[str, Any] = json.loads(await answer.text())
    return found
