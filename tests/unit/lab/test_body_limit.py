"""Requests that are too large for a lab: what its owner is told, and how little of them is kept."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from homeroom_lab import body_limit
from homeroom_lab.body_limit import AskFirst, announced_bytes, is_large
from homeroom_lab.file_sizes import largest_request_bytes
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, stream_request_body

MB = 2**20
SENT_IN_PIECES_BYTES = 20 * MB
SECONDS = 30


class Taking(RequestHandler):
    """Says how much it was sent."""

    def put(self) -> None:
        self.finish(f"took {len(self.request.body)}")


@stream_request_body
class TakingPieces(RequestHandler):
    """Lets only a lab's owner send, says how much that was, and keeps none of it."""

    def initialize(self, may_use: bool) -> None:
        self.may_use = may_use

    def prepare(self) -> None:
        self.taken_bytes = 0
        if self.may_use:
            self.request.connection.set_max_body_size(SENT_IN_PIECES_BYTES)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        self.taken_bytes += len(chunk)

    def put(self) -> None:
        self.finish(f"took {self.taken_bytes}")


@pytest.fixture(params=[True, False], ids=["owner", "stranger"])
def may_use(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether who sends may use the lab, which has 64 MB of memory."""

    async def answer(_: AskFirst) -> bool:
        return bool(request.param)

    monkeypatch.setattr(AskFirst, "_may_use_the_lab", answer)
    monkeypatch.setenv("MEM_LIMIT", str(64 * MB))
    return bool(request.param)


def ask(may_use: bool, request: bytes) -> tuple[int, bytes]:
    """What a server answers to the bytes of a request: status and body; 0 where it hangs up."""

    async def on_server() -> tuple[int, bytes]:
        app = Application([(r"/api/.*", Taking), (r"/pieces", TakingPieces, {"may_use": may_use})])
        body_limit.install(app)
        (listening,) = bind_sockets(0, "127.0.0.1", family=socket.AF_INET)
        server = HTTPServer(app, max_body_size=largest_request_bytes())
        server.add_sockets([listening])
        reader, writer = await asyncio.open_connection(*listening.getsockname())
        try:
            writer.write(request)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
            length = int(HTTPHeaders.parse(head.decode().split("\r\n", 1)[1])["Content-Length"])
            return int(head.split()[1]), await asyncio.wait_for(reader.readexactly(length), SECONDS)
        except (asyncio.IncompleteReadError, ConnectionError, KeyError):
            return 0, b""
        finally:
            writer.close()
            server.stop()
            await server.close_all_connections()

    return asyncio.run(on_server())


def framings(size_bytes: int, path: bytes = b"/api/contents/large.txt") -> Iterator[tuple[str, bytes]]:
    """Both ways to send a body of this size, by name."""
    head = b"PUT " + path + b" HTTP/1.1\r\nHost: lab\r\n"
    yield "length", head + b"Content-Length: %d\r\n\r\n" % size_bytes + bytes(size_bytes)
    pieces = b"".join(b"%x\r\n" % MB + bytes(MB) + b"\r\n" for _ in range(size_bytes // MB))
    yield "chunked", head + b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"


def test_what_does_not_fit_is_refused_with_a_sentence(may_use: bool) -> None:
    """The owner of a lab gets an answer that the page shows, however the request is framed; a stranger gets none."""
    for name, request in framings(20 * MB):
        status, body = ask(may_use, request)
        if may_use:
            assert (name, status) == (name, 413)
            assert "up to" in json.loads(body)["message"]
        else:
            assert status in (0, 400), name


def test_what_fits_is_taken(may_use: bool) -> None:
    """Up to the bound a request arrives whole; of a stranger's not more than a few bytes do."""
    for name, request in framings(4 * MB):
        status, body = ask(may_use, request)
        if may_use:
            assert (name, status, body) == (name, 200, b"took %d" % (4 * MB))
        else:
            assert status in (0, 400), name


def test_what_is_taken_in_pieces_fits_always(may_use: bool) -> None:
    """What a handler does not keep is bounded by nothing but the handler, which knows who sends before that comes;
    where it says nothing, the server's own bound holds."""
    for name, request in framings(SENT_IN_PIECES_BYTES, b"/pieces"):
        status, body = ask(may_use, request)
        if may_use:
            assert (name, status, body) == (name, 200, b"took %d" % SENT_IN_PIECES_BYTES)
        else:
            assert status in (0, 400), name


@pytest.mark.parametrize(
    ("headers", "large"),
    [
        ({}, False),
        ({"Content-Length": "65536"}, False),
        ({"Content-Length": "65537"}, True),
        ({"Content-Length": "-1"}, True),
        ({"Content-Length": "٣"}, True),
        ({"Content-Length": "9" * 40}, True),
        ({"Transfer-Encoding": "chunked"}, True),
    ],
)
def test_what_is_asked_about_first(headers: dict[str, Any], large: bool) -> None:
    """Whatever may be large is asked about, also where nobody can tell how large it is."""
    assert is_large(HTTPHeaders(headers)) is large


def test_a_length_that_is_no_number() -> None:
    """A Content-Length that is no number counts as none given, and is no error of ours."""
    assert announced_bytes(HTTPHeaders({"Content-Length": "1, 1"})) is None


def test_many_requests_together_are_no_larger_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads that never end fill no memory: what does not fit beside them is refused until they go, and then taken."""

    async def is_owner(_: AskFirst) -> bool:
        return True

    async def on_server() -> tuple[bytes, bytes]:
        app = Application([(r"/api/.*", Taking)])
        body_limit.install(app)
        (listening,) = bind_sockets(0, "127.0.0.1", family=socket.AF_INET)
        server = HTTPServer(app, max_body_size=largest_request_bytes())
        server.add_sockets([listening])

        async def send(sent_bytes: int, whole_bytes: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection(*listening.getsockname(), limit=MB)
            writer.write(b"PUT /api/contents/x HTTP/1.1\r\nHost: lab\r\nContent-Length: %d\r\n\r\n" % whole_bytes)
            writer.write(bytes(sent_bytes))
            await writer.drain()
            return reader, writer

        async def answer(size_bytes: int) -> bytes:
            reader, writer = await send(size_bytes, size_bytes)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
            length = int(HTTPHeaders.parse(head.decode().split("\r\n", 1)[1])["Content-Length"])
            body = await reader.readexactly(length)
            writer.close()
            return body

        async def until_read(size_bytes: int) -> None:
            while read.size_bytes != size_bytes:
                await asyncio.sleep(0.01)

        size = largest_request_bytes() * 2 // 3
        _, unfinished = await send(size, size + 1)
        await asyncio.wait_for(until_read(size), SECONDS)
        refused = await answer(size)
        unfinished.close()
        await asyncio.wait_for(until_read(0), SECONDS)
        taken = await answer(size)
        server.stop()
        await server.close_all_connections()
        return refused, taken

    read = body_limit.Read()
    monkeypatch.setattr(body_limit, "Read", lambda: read)
    monkeypatch.setattr(AskFirst, "_may_use_the_lab", is_owner)
    monkeypatch.setenv("MEM_LIMIT", str(256 * MB))
    refused, taken = asyncio.run(on_server())
    assert "Too much is sent at once" in json.loads(refused)["message"]
    assert taken.startswith(b"took ")
