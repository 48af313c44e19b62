"""`proxy/<port>/`: pages and websockets of applications. `homeroom/apps`: which there are."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from urllib.parse import urlsplit

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server_proxy import websocket
from jupyter_server_proxy.handlers import LocalProxyHandler
from tornado import web
from tornado.httputil import HTTPHeaders
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from homeroom_lab.apps.boundary import is_from_here, is_opened, named_host, own_cookies, passed_headers, without_token
from homeroom_lab.apps.listening import applications, host_of
from homeroom_lab.message_limit import most_bytes

LARGEST_UPLOAD_BYTES = 2**40
"""Passed on as it comes."""
CONNECT_SECONDS = 20.0
HEADER = re.compile(r"([^:\s]+)\s*:\s*(.*?)\s*\Z", re.DOTALL)


class LargeMessages(websocket.PingableWSClientConnection):
    """A websocket to an application that takes messages as large as those to a kernel."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**{**given, "max_message_size": most_bytes()})


@web.stream_request_body
class AppHandler(LocalProxyHandler):
    """Passes on what an application in the lab is asked and answers, piece by piece as it comes."""

    _chunks: asyncio.Queue[bytes | None] | None = None
    _passing_on: asyncio.Future[None] | None = None
    _refusal: web.HTTPError | None = None

    async def prepare(self, *given: Any, **further: Any) -> None:
        """See who it is, as upstream does, and refuse what another website asks for.

        What has a body is refused when that has been read: a connection that is closed before looks broken.
        """
        headers = self.request.headers
        has_body = headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers
        try:
            await super().prepare(*given, **further)
            if not is_from_here(self.request.method, headers, host=self.request.host, with_token=self._with_token):
                raise web.HTTPError(403, "This application can be used from its own pages, not from another website.")
        except web.HTTPError as refusal:
            if not has_body:
                raise
            self._refusal = refusal
            return
        if has_body and not self._finished:
            self.request.connection.set_max_body_size(LARGEST_UPLOAD_BYTES)
            self._chunks = asyncio.Queue(maxsize=1)

    @property
    def _with_token(self) -> bool:
        return bool(getattr(self, "_token_authenticated", False))

    async def data_received(self, chunk: bytes) -> None:
        """Pass a piece of the request on, when the application has taken those before it."""
        if self._chunks is None:
            return
        if self._passing_on is None:
            self._passing_on = asyncio.ensure_future(super().proxy(*self.path_args))
        await self._put(chunk)

    async def _put(self, chunk: bytes | None) -> None:
        if self._chunks and self._passing_on:
            putting = asyncio.ensure_future(self._chunks.put(chunk))
            await asyncio.wait((putting, self._passing_on), return_when=asyncio.FIRST_COMPLETED)
            putting.cancel()  # an application that has answered reads no more

    async def proxy(self, port: str, proxied_path: str) -> None:
        """Pass a request on, or the end of one that is being passed on."""
        if self._refusal:
            raise self._refusal
        if self._passing_on is None:
            self._chunks = None
            await super().proxy(port, proxied_path)
        else:
            await self._put(None)
            await self._passing_on

    async def _body(self, write: Any) -> None:
        while self._chunks and (chunk := await self._chunks.get()) is not None:
            await write(chunk)

    def proxy_request_headers(self) -> HTTPHeaders:
        """What the application hears: nothing of the visitor's access to the lab. Websockets look to it as if they
        came from this machine, since where they come from is seen to here, and most know no other name of theirs."""
        headers: HTTPHeaders = super().proxy_request_headers()
        cookies = own_cookies(headers.pop("Cookie", ""))
        if cookies:
            headers["Cookie"] = cookies
        headers.pop("Expect", None)  # answered by this server already
        if self._with_token:
            headers.pop("Authorization", None)
        if "Referer" in headers:
            headers["Referer"] = without_token(headers["Referer"])
        if headers.get("Upgrade", "").lower() == "websocket":
            here = f"localhost:{self.path_args[0]}"
            headers["Host"], headers["Origin"] = here, f"http://{here}"
        return headers

    def get_client_uri(self, protocol: str, host: str, port: str, proxied_path: str) -> str:
        """The address that the application is asked for."""
        address: str = super().get_client_uri(protocol, host, port, proxied_path)
        address = address.replace(f"//{host}:", f"//{host_of(int(port))}:", 1)
        return without_token(address) if self._with_token else address

    async def _proxy_progressive(self, host: str, port: str, proxied_path: str, body: Any, client: Any) -> None:
        await self._proxy_buffered(host, port, proxied_path, body, client)

    async def _proxy_buffered(self, host: str, port: str, proxied_path: str, body: Any, client: Any) -> None:
        """Ask the application, and send each piece of its answer when the browser has taken those before it."""
        lines: list[str] = []

        async def pass_on(chunk: bytes) -> None:
            self._begin(lines, host, port, proxied_path)
            JupyterHandler.write(self, chunk)
            await JupyterHandler.flush(self)

        producer = {"body_producer": self._body} if self._chunks else {}
        request = self._build_proxy_request(
            host,
            port,
            proxied_path,
            None if producer else body,
            header_callback=lines.append,
            streaming_callback=pass_on,
            allow_nonstandard_methods=True,
            **producer,
        )
        whole = SimpleAsyncHTTPClient(force_instance=True, max_body_size=LARGEST_UPLOAD_BYTES)
        try:
            await whole.fetch(request, raise_error=False)
        except Exception as error:  # whatever an application does on a connection
            self._break_off(port, error)
        else:
            self._begin(lines, host, port, proxied_path)

    def proxy_request_options(self) -> dict[str, Any]:
        """An application may think for as long as it likes."""
        return {"follow_redirects": False, "connect_timeout": CONNECT_SECONDS, "request_timeout": 0.0}

    def _begin(self, lines: list[str], host: str, port: str, proxied_path: str) -> None:
        """Begin the answer with the application's status and headers, once."""
        if self._headers_written or not lines:
            return
        _, code, *reason = lines[0].split(maxsplit=2)
        self._headers = HTTPHeaders()
        JupyterHandler.set_status(self, int(code), reason[0].strip() if reason else None)
        found = [(match[1], match[2]) for line in lines[1:] if (match := HEADER.match(line))]
        for name, value in passed_headers(found, self._get_context_path(host, port) + "/"):
            if name.lower() == "location" and not self.absolute_url:
                value = self._rewrite_location_header(value, host, port, proxied_path)
            JupyterHandler.add_header(self, name, value)
        lines.clear()

    def _rewrite_location_header(self, location: str, host: str, port: str, proxied_path: str) -> str:
        """Where a redirect leads: an application that knows its path here, or names this machine or itself, means its
        own page too."""
        if named_host(location) is None:
            return location
        parts = urlsplit(location)
        if parts.netloc in {self.request.host, *(f"{name}:{port}" for name in ("localhost", "127.0.0.1", "0.0.0.0"))}:
            location = parts._replace(scheme="", netloc="").geturl() or "/"
        if location.startswith(self._get_context_path(host, port) + "/"):
            return location
        found: str = super()._rewrite_location_header(location, host, port, proxied_path)
        return found

    def _break_off(self, port: str, error: Exception) -> None:
        """End an answer that cannot be completed: it is not to look complete."""
        self.log.info("The application on port %s: %r", port, error)
        if self._headers_written:
            self.request.connection.close()
            return
        raise web.HTTPError(
            502, f"No application answers on port {port} of this lab. Start it, wait until it is up, then reload."
        )


class ApplicationsHandler(APIHandler):
    """Answers the page, which lists the applications."""

    @web.authenticated
    async def get(self) -> None:
        """What listens in the lab and may be an application, by port."""
        kernels = {port for one in self.kernel_manager.list_kernel_ids() for port in self._ports(one)}
        found = await asyncio.to_thread(applications, kernels)
        base = f"{self.base_url}proxy/"
        listed = [{"port": port, "program": name, "url": f"{base}{path}/"} for port, name, path in found]
        await self.finish(json.dumps(listed))

    def _ports(self, kernel_id: str) -> list[int]:
        return list(self.kernel_manager.get_kernel(kernel_id).ports)


def install(web_app: Any) -> None:
    """Answer under a server's base URL."""
    websocket.PingableWSClientConnection = LargeMessages
    base = re.escape(web_app.settings["base_url"].rstrip("/"))
    options = {"update_last_activity": lambda handler: is_opened(handler.request.method, handler.request.headers)}
    web_app.add_handlers(
        ".*$",
        [
            (rf"{base}/proxy/(\d+)(/.*|)", AppHandler, {**options, "absolute_url": False}),
            (rf"{base}/proxy/absolute/(\d+)(/.*|)", AppHandler, {**options, "absolute_url": True}),
            (rf"{base}/homeroom/apps", ApplicationsHandler),
        ],
    )
