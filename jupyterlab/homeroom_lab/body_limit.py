"""Large requests are read from who may use the lab, up to what fits into its memory, and from no one else.

A server holds a request whole before it asks who sent it. A client that reaches the page, without an account, could so
fill a lab's memory, and its kernels would be the first to go. What its owner sends and does not fit is read and thrown
away, so that the page gets an answer: a connection that is closed meanwhile looks like a broken network to it.

A handler that takes a request piece by piece keeps none of it, and asks who it is before the first piece: no bound of
these is for it.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, ResponseStartLine

from homeroom_lab.file_sizes import largest_request_bytes, refusal_to_save, refusal_to_save_now

LARGEST_OF_STRANGERS = 65_536
LARGEST_THROWN_AWAY = 2 * 2**30


def is_large(headers: HTTPHeaders) -> bool:
    """Whether a request may be larger than what is read from strangers."""
    length = announced_bytes(headers)
    return "Transfer-Encoding" in headers or length is None or length > LARGEST_OF_STRANGERS


def announced_bytes(headers: HTTPHeaders) -> int | None:
    """What a request says about its own length; None where that is no number."""
    length = headers.get("Content-Length", "0")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else None


def takes_pieces(answering: HTTPMessageDelegate) -> bool:
    """Whether what answers a request is a handler with `tornado.web.stream_request_body`."""
    return bool(getattr(answering, "stream_request_body", False))


class Read:
    """How much of large requests is in memory, while they are read."""

    def __init__(self) -> None:
        self.size_bytes = 0


class AskFirst(HTTPMessageDelegate):
    """Passes a request on to what answers it, once it is known how much of it is to be read.

    :param read: what all of them count in; together they may be as large as one.
    """

    def __init__(self, answering: HTTPMessageDelegate, request: HTTPServerRequest, web_app: Any, read: Read) -> None:
        self._answering: HTTPMessageDelegate | None = answering
        self._request = request
        self._web_app = web_app
        self._read = read
        self._read_bytes = 0
        self._left_bytes = 0
        self._why = refusal_to_save(request.path)

    async def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        """Ask who it is; a stranger's request is refused with its first byte too many."""
        if not await self._may_use_the_lab():
            self._left_bytes = LARGEST_OF_STRANGERS
            self._request.connection.set_max_body_size(LARGEST_OF_STRANGERS)  # type: ignore[union-attr]
        else:
            self._left_bytes = largest_request_bytes(self._request.path)
            self._request.connection.set_max_body_size(LARGEST_THROWN_AWAY)  # type: ignore[union-attr]
            if (announced_bytes(headers) or 0) > self._left_bytes:
                self._answering = None
        wait = self._answering.headers_received(start_line, headers) if self._answering else None
        if wait is not None:
            await wait

    def data_received(self, chunk: bytes) -> Any:
        """Pass on what fits."""
        self._left_bytes -= len(chunk)
        self._read_bytes += len(chunk)
        self._read.size_bytes += len(chunk)
        if self._left_bytes < 0:
            self._answering = None
        elif self._answering and self._read.size_bytes > largest_request_bytes():
            self._answering, self._why = None, refusal_to_save_now()
        if not self._answering:
            self._let_go()
        return self._answering.data_received(chunk) if self._answering else None

    def finish(self) -> None:
        """The request has been read; one that did not fit is refused."""
        self._let_go()
        if self._answering:
            self._answering.finish()
        else:
            self._refuse()

    def on_connection_close(self) -> None:
        self._let_go()
        if self._answering:
            self._answering.on_connection_close()

    def _let_go(self) -> None:
        self._read.size_bytes -= self._read_bytes
        self._read_bytes = 0

    def _refuse(self) -> None:
        """Answer as the server's own API does."""
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        body = json.dumps({"message": self._why, "reason": None}).encode()
        headers = HTTPHeaders({"Content-Type": "application/json", "Content-Length": str(len(body))})
        connection: Any = self._request.connection
        connection.write_headers(ResponseStartLine("HTTP/1.1", status, status.phrase), headers, body)
        connection.finish()

    async def _may_use_the_lab(self) -> bool:
        """Whether the server would let them in; the hub is asked where the server does not know them yet."""
        from jupyter_server.base.handlers import JupyterHandler
        from jupyter_server.utils import ensure_async

        try:
            asking = JupyterHandler(self._web_app, self._request)
            return await ensure_async(self._web_app.settings["identity_provider"].get_user(asking)) is not None
        except Exception:  # the answer itself says what is wrong
            return False


def install(web_app: Any) -> None:
    """Have a server ask before it reads a large request."""
    find, read = web_app.find_handler, Read()

    def find_handler(request: HTTPServerRequest, **further: Any) -> Any:
        answering = find(request, **further)
        if not answering or takes_pieces(answering) or not is_large(request.headers):
            return answering
        return AskFirst(answering, request, web_app, read)

    web_app.find_handler = find_handler
