"""generator/lifecycle/smoke_test.py: whether anybody reaches the hub by the published port, which no service sees."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from generator.engine import address
from generator.lifecycle import smoke_test
from generator.schema.settings import Settings
from tests.sample_settings import TOKEN


def settings(port: int) -> Settings:
    """Those of a hub on this port of this machine."""
    return Settings(HUB_IP="127.0.0.1", HUB_PORT=port, CONFIGPROXY_AUTH_TOKEN=TOKEN)


@contextlib.contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port whose callers are treated like this."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    caller, _ = server.accept()
                    answer(caller)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("status", ["200 OK", "503 Service Unavailable"])
def test_a_port_that_answers_is_well(status: str) -> None:
    """Also while the hub restarts: that is told elsewhere."""

    def answer(caller: socket.socket) -> None:
        with caller:
            caller.recv(2**12)
            caller.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    with listening(answer) as port:
        assert smoke_test.port_fault(settings(port)) is None


def test_a_port_that_leads_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens there, or hangs up, or says nothing, as a forwarder does whose container it lost: the fault names
    the address and the remedy."""
    monkeypatch.setattr(smoke_test, "PORT_SECONDS", 0.2)
    kept: list[socket.socket] = []  # a connection that nobody refers to is closed
    for behaviour in (lambda caller: caller.close(), kept.append):
        with listening(behaviour) as port:
            fault = smoke_test.port_fault(settings(port))
            assert fault
            assert f"http://127.0.0.1:{port}/" in str(fault)
            assert "docker compose restart proxy" in str(fault)
    assert smoke_test.port_fault(settings(port)), "nobody listens there any more"


def test_people_are_told_the_name_that_they_type() -> None:
    """With HUB_HOST the address to give to people is its, not this machine's own."""
    named = Settings(HUB_HOST="hub.example.edu", HUB_PORT=8001, CONFIGPROXY_AUTH_TOKEN=TOKEN)
    assert address.address(named) == "http://hub.example.edu:8001/"
