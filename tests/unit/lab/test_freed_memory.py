"""A lab's server gives back the memory that it has freed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import pytest
from homeroom_lab import freed_memory
from homeroom_lab.freed_memory import LARGE_BYTES, FreedMemory, held_bytes, install


class Server:
    """A server by what it holds, and by what it would hold after giving back."""

    def __init__(self) -> None:
        self.held_bytes = self.in_use_bytes = 100 * 2**20
        self.given = 0

    def give(self) -> None:
        self.given += 1
        self.held_bytes = self.in_use_bytes


def test_what_was_freed_is_given_back_once() -> None:
    """After each large piece of work, and never twice for the same; what stays in use is no reason to try again."""
    server = Server()
    memory = FreedMemory(lambda: server.held_bytes, server.give)
    memory.look()
    assert server.given == 0
    for kept_bytes in (0, 5 * 2**20, LARGE_BYTES):
        server.in_use_bytes = server.held_bytes + kept_bytes
        server.held_bytes += LARGE_BYTES + kept_bytes + 1
        for _ in range(3):
            memory.look()
    assert server.given == 3
    server.held_bytes = server.in_use_bytes = 50 * 2**20
    memory.look()
    server.held_bytes += LARGE_BYTES + 1
    memory.look()
    assert server.given == 4, "a server that has shrunk counts from there"


def test_what_was_still_in_use_is_given_back_later() -> None:
    """A large answer is in memory until all of it has been sent: what it took is given back then, without growth."""
    server = Server()
    memory = FreedMemory(lambda: server.held_bytes, server.give)
    server.held_bytes = server.in_use_bytes = server.held_bytes + 3 * LARGE_BYTES
    assert memory.look()
    server.in_use_bytes -= 3 * LARGE_BYTES
    assert not memory.look()
    assert server.held_bytes != server.in_use_bytes
    memory.look_later()
    assert server.held_bytes == server.in_use_bytes
    server.held_bytes += LARGE_BYTES + 1
    assert not memory.look()
    assert server.held_bytes == server.in_use_bytes, "it counts from what is left"


def test_a_server_looks_again_where_much_was_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some times more after a request that left much in use, and not after others."""
    seen: list[str] = []
    grown = [True, False]
    monkeypatch.setattr(FreedMemory, "look", lambda self: grown.pop(0))
    monkeypatch.setattr(FreedMemory, "look_later", lambda self: seen.append("later"))
    monkeypatch.setattr(freed_memory, "SENT_AFTER_SECONDS", 0)
    monkeypatch.setattr(freed_memory, "LATER_SECONDS", (0, 0.001))
    app = SimpleNamespace(log_request=lambda handler: None)
    install(app)

    async def end_two_requests() -> None:
        for _ in range(2):
            app.log_request("request")
            await asyncio.sleep(0.02)

    asyncio.run(end_two_requests())
    assert seen == ["later", "later"]


def test_a_server_looks_after_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server looks at its memory after each request, and logs requests as before."""
    seen: list[str] = []
    monkeypatch.setattr(FreedMemory, "look", lambda self: seen.append("looked"))
    monkeypatch.setattr(freed_memory, "SENT_AFTER_SECONDS", 0)
    app = SimpleNamespace(log_request=lambda handler: seen.append(f"logged {handler}"))
    install(app)

    async def end_request() -> None:
        app.log_request("request")
        await asyncio.sleep(0.01)

    asyncio.run(end_request())
    assert seen == ["logged request", "looked"]


def test_the_system_tells_what_is_held(tmp_path: Path) -> None:
    """Some of it at least, and nothing where it does not tell."""
    assert held_bytes() > 2**20
    assert held_bytes(tmp_path / "statm") == 0
