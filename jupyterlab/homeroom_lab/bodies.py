"""Large requests are read from who may use the lab, and from nobody else.

A server holds a request whole, up to 512 MB, before it asks who sent it. Whoever reaches the page, without an account,
could so fill a lab's memory, and its kernels would be the first to go.
"""

from __future__ import annotations

from typing import Any

from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest

LARGEST_OF_STRANGERS = 65_536


def is_large(headers: HTTPHeaders) -> bool:
    """Whether a request may be larger than what is read from strangers."""
    length = headers.get("Content-Length", "0")
    is_short = length.isdecimal() and len(length) < 10 and int(length) <= LARGEST_OF_STRANGERS
    return "Transfer-Encoding" in headers or not is_short


class AskFirst(HTTPMessageDelegate):
    """Passes a request on to what answers it, once it is known how much of it is to be read."""

    def __init__(self, answering: HTTPMessageDelegate, request: HTTPServerRequest, web_app: Any) -> None:
        self._answering = answering
        self._request = request
        self._web_app = web_app

    async def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        """Ask who it is; a stranger's request is refused with its first byte too many."""
        if not await self._may_use_the_lab():
            self._request.connection.set_max_body_size(LARGEST_OF_STRANGERS)  # type: ignore[union-attr]
        wait = self._answering.headers_received(start_line, headers)
        if wait is not None:
            await wait

    def data_received(self, chunk: bytes) -> Any:
        return self._answering.data_received(chunk)

    def finish(self) -> None:
        self._answering.finish()

    def on_connection_close(self) -> None:
        self._answering.on_connection_close()

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
    find = web_app.find_handler

    def find_handler(request: HTTPServerRequest, **further: Any) -> Any:
        answering = find(request, **further)
        return AskFirst(answering, request, web_app) if answering and is_large(request.headers) else answering

    web_app.find_handler = find_handler
