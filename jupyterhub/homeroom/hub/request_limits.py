"""The hub's HTTP server: tornado's, but for what it reads of a request and how many callers from labs it keeps."""

from __future__ import annotations

import socket
import struct
from collections import deque
from collections.abc import Awaitable
from typing import Any

from tornado import httpserver, httputil
from tornado.iostream import IOStream

from homeroom.contract import open_files

LARGEST_BODY_BYTES = 2**20
"""Of a request; a thousand names of a class's members take a tenth of it. Tornado's own limit is 100 MB."""

PART_OF_LABS = 4
"""Callers from labs may take one in this many of the files that the hub may open. The rest is for the proxy's callers,
of which one address may hold an eighth, and for the hub itself."""

HUB_AND_PROXY = frozenset({990, 991})
"""The users that the hub and the proxy run as; a lab's is any other."""

UCRED = struct.Struct("3i")  # process, user, group: unix(7)


def install() -> None:
    """Have the hub, in this process, make this server where it would make tornado's, and open the files that it may."""
    open_files.raise_limit()
    httpserver.HTTPServer = HubServer  # type: ignore[misc]


class HubServer(httpserver.HTTPServer):
    """Holds no large request, which it would before it is known who sent it, and hangs up on labs' longest
    callers where there are too many: one that asks for something has its answer long before. What a request says of
    where it comes from is the proxy's word, and a lab's is not taken for it. From a lab nobody signs in, and no cookie
    counts: there its programs ask by tokens, and people by the proxy."""

    def initialize(self, *arguments: Any, **options: Any) -> None:
        """As tornado's."""
        super().initialize(*arguments, **{"max_body_size": LARGEST_BODY_BYTES, **options})
        self._from_labs: deque[IOStream] = deque()
        self._most_from_labs = open_files.limit() // PART_OF_LABS

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Answer a caller."""
        if is_from_lab(stream.socket):
            if len(self._from_labs) >= self._most_from_labs:
                self._from_labs = deque(each for each in self._from_labs if not each.closed())
            if len(self._from_labs) >= self._most_from_labs:
                self._from_labs.popleft().close()
            self._from_labs.append(stream)
        super().handle_stream(stream, address)

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """Read a request; cookies, `X-Forwarded-For` and its like only of those whom the proxy sends on."""
        delegate = super().start_request(server_conn, request_conn)
        stream: IOStream | None = getattr(request_conn, "stream", None)
        if stream is not None and not stream.closed() and not is_from_lab(stream.socket):
            return delegate
        return WithoutCookies(delegate.delegate if isinstance(delegate, httpserver._ProxyAdapter) else delegate)


class WithoutCookies(httputil.HTTPMessageDelegate):
    """Takes the cookies out of a request that another takes."""

    def __init__(self, delegate: httputil.HTTPMessageDelegate) -> None:
        self._delegate = delegate

    def headers_received(
        self, start_line: httputil.RequestStartLine | httputil.ResponseStartLine, headers: httputil.HTTPHeaders
    ) -> Awaitable[None] | None:
        """Its first line and headers."""
        headers.pop("Cookie", None)
        return self._delegate.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """A piece of its body."""
        return self._delegate.data_received(chunk)

    def finish(self) -> None:
        """It is whole."""
        self._delegate.finish()

    def on_connection_close(self) -> None:
        """Whoever sent it hung up."""
        self._delegate.on_connection_close()


def is_from_lab(caller: Any) -> bool:
    """Whether a program in a lab is at the other end of a socket."""
    if caller.family != socket.AF_UNIX:
        return False
    _, user, _ = UCRED.unpack(caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
    return user not in HUB_AND_PROXY
