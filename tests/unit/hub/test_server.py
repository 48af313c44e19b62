"""homeroom.hub_server: what one caller cannot take from the others."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import resource
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from homeroom.hub import request_limits
from tornado import httpserver, netutil, web

from generator.core.paths import ROOT

MOST = 5

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Connection]]


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of tornado's; taken back afterwards."""
    monkeypatch.setattr(httpserver, "HTTPServer", httpserver.HTTPServer)
    request_limits.install()


class Who(web.RequestHandler):
    """Tells where the server believes a request to come from."""

    def get(self) -> None:
        """Say it."""
        self.finish(f"{self.request.remote_ip} {self.request.protocol}")

    def post(self) -> None:
        """Say which cookies came, and what else."""
        self.finish(f"{sorted(self.cookies)} {self.request.body.decode()}")


@contextlib.contextmanager
def files(number: int) -> Iterator[None]:
    """A machine on which this process may open so many files, for as long as it opens none."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def serve(tmp_path: Path, story: Callable[[Connect], Awaitable[None]]) -> None:
    """Let a story happen before such a server, made as the hub makes it."""

    async def play() -> None:
        with files(request_limits.PART_OF_LABS * MOST):
            server = httpserver.HTTPServer(web.Application([("/who", Who)]), xheaders=True)
        server.add_socket(netutil.bind_unix_socket(str(tmp_path / "hub.sock")))
        try:
            await asyncio.wait_for(story(lambda: asyncio.open_unix_connection(tmp_path / "hub.sock")), 30)
        finally:
            server.stop()
            await server.close_all_connections()

    asyncio.run(play())


async def status(connection: Connection, request: bytes) -> bytes:
    """The status of the answer to a request; empty where the server hangs up."""
    reader, writer = connection
    writer.write(request)
    return b"".join((await reader.readline()).split()[1:2])


@pytest.mark.parametrize(("more", "answer"), [(0, b"404"), (1, b"400")])
def test_no_request_fills_the_hubs_memory(tmp_path: Path, more: int, answer: bytes) -> None:
    """A request of a moderate size is read; of a larger one nothing is."""
    length = request_limits.LARGEST_BODY_BYTES + more

    async def story(connect: Connect) -> None:
        body = b"" if more else bytes(length)
        assert (
            await status(await connect(), b"POST / HTTP/1.0\r\nContent-Length: %d\r\n\r\n%b" % (length, body)) == answer
        )

    serve(tmp_path, story)


def test_who_hangs_up_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A caller who keeps the connection for a next request, and then hangs up, leaves no error in the hub's log."""

    async def story(connect: Connect) -> None:
        reader, writer = await connect()
        assert await status((reader, writer), b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n") == b"404"
        writer.close()
        await writer.wait_closed()
        for _ in range(2):
            assert await status(await connect(), b"GET / HTTP/1.0\r\n\r\n") == b"404"

    serve(tmp_path, story)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_lab_does_not_keep_the_hub_from_others(tmp_path: Path) -> None:
    """Whoever opens connections and says nothing loses the oldest of them; whoever asks is answered. How many there may
    be is a part of what the hub itself may open."""

    async def story(connect: Connect) -> None:
        held = [await connect() for _ in range(3 * MOST)]
        assert await status(await connect(), b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n") == b"404"
        assert [await reader.read() for reader, _ in held[: 2 * MOST + 1]] == [b""] * (2 * MOST + 1)
        assert await status(held[-1], b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n") == b"404"

    serve(tmp_path, story)


def test_calls_that_are_over_do_not_count(tmp_path: Path) -> None:
    """However many calls there were, a caller who waits long for an answer is not hung up on for them."""

    async def story(connect: Connect) -> None:
        waiting = await connect()
        for _ in range(3 * MOST):
            assert await status(await connect(), b"GET / HTTP/1.0\r\n\r\n") == b"404"
        assert await status(waiting, b"GET / HTTP/1.0\r\n\r\n") == b"404"

    serve(tmp_path, story)


@pytest.mark.parametrize(("caller", "told"), [("the proxy", "192.0.2.9 https"), ("a lab", "0.0.0.0 http")])
def test_a_lab_does_not_say_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller: str, told: str
) -> None:
    """The hub takes the proxy's word on who asks, which is the browser's address; of a lab it takes none."""
    monkeypatch.setattr(request_limits, "is_from_lab", lambda _: caller == "a lab")

    async def story(connect: Connect) -> None:
        reader, writer = await connect()
        claims = "X-Forwarded-For: 192.0.2.9\r\nX-Real-Ip: 192.0.2.9\r\nX-Scheme: https"
        writer.write(f"GET /who HTTP/1.0\r\n{claims}\r\n\r\n".encode())
        assert (await reader.read()).decode().endswith(told)

    serve(tmp_path, story)


def test_the_proxys_callers_are_not_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the proxy comes everybody: nobody there is hung up on."""
    users = (
        re.search(r"^USER (\d+):", (ROOT / name / "Dockerfile").read_text(), re.M) for name in ("jupyterhub", "proxy")
    )
    assert {int(user[1]) for user in users if user} == request_limits.HUB_AND_PROXY
    monkeypatch.setattr(request_limits, "HUB_AND_PROXY", frozenset({os.getuid()}))

    async def story(connect: Connect) -> None:
        held = [await connect() for _ in range(3 * MOST)]
        for each in held:
            assert await status(each, b"GET / HTTP/1.0\r\n\r\n") == b"404"

    serve(tmp_path, story)


@pytest.mark.parametrize(("caller", "told"), [("the proxy", "['session', 'x'] body"), ("a lab", "[] body")])
def test_from_a_lab_nobody_is_signed_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller: str, told: str
) -> None:
    """No cookie of a request counts that comes from a lab, so nobody signs in there, as somebody else or for somebody
    who sits an exam in it. What its programs send is read as any."""
    monkeypatch.setattr(request_limits, "is_from_lab", lambda _: caller == "a lab")

    async def story(connect: Connect) -> None:
        reader, writer = await connect()
        head = "cookie: session=abc; x=1\r\nContent-Length: 4"
        writer.write(f"POST /who HTTP/1.0\r\n{head}\r\n\r\nbody".encode())
        assert (await reader.read()).decode().endswith(told)

    serve(tmp_path, story)
