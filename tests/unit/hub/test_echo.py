"""homeroom.echo: the websocket that needs no account."""

from __future__ import annotations

import asyncio

import pytest
from homeroom.hub import echo
from tornado import netutil, web
from tornado.httpserver import HTTPServer
from tornado.websocket import websocket_connect


def ask(*words: str) -> list[str | bytes | None]:
    """What a real server's echo says, to the end, to who says these words."""

    async def play() -> list[str | bytes | None]:
        server = HTTPServer(web.Application(echo.handlers))
        (listener,) = netutil.bind_sockets(0, "127.0.0.1")
        server.add_socket(listener)
        channel = await websocket_connect(f"ws://127.0.0.1:{listener.getsockname()[1]}/homeroom/echo")
        for word in words:
            await channel.write_message(word)
        said = [await channel.read_message()]
        while said[-1] is not None:
            said.append(await channel.read_message())
        server.stop()
        return said

    return asyncio.run(asyncio.wait_for(play(), 30))


def test_one_message_comes_back() -> None:
    """The first message is sent back, and then the connection is closed."""
    assert ask("word", "another") == ["word", None]


def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has no account holds no connection of the hub's and the proxy's for nothing."""
    monkeypatch.setattr(echo, "PATIENCE_SECONDS", 0.05)
    assert ask() == [None]


def test_a_large_message_is_not_read() -> None:
    """A message that is too large is not sent back: the connection is closed."""
    assert ask("x" * (echo.MAX_BYTES + 1)) == [None]
