"""The proxy dies: it comes back empty, is told its routes at once, and people's pages connect again."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.faults import kill, recovery, until, until_healthy
from tests.faulty_deployment import FaultyDeployment
from tests.person import Kernel


def test_killed_while_people_work(faulty_deployment: FaultyDeployment) -> None:
    """Websockets break with the proxy; within seconds the same kernel is there again with all it knew."""
    person = faulty_deployment.person()
    person.start_lab("real")
    lab = faulty_deployment.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        with recovery("proxy killed (until a new websocket to the same kernel computes)"):
            kill(faulty_deployment, "proxy")
            with pytest.raises(ConnectionClosed):
                read_on(kernel)
            again: Kernel = until(lambda: reconnected(kernel), "the kernel is reached again")
            with again:
                assert again.run("print(mark)") == "before\n"
    assert faulty_deployment.lab("admin").id == lab
    assert faulty_deployment.routes() == ["/user/admin/"]
    faulty_deployment.stop_all()


def test_a_port_that_leads_nowhere_is_told(faulty_deployment: FaultyDeployment) -> None:
    """The engine's forwarder of the published port dies while all services are healthy: `make status` and `make up` say
    that the hub cannot be reached and what to do, and that helps."""
    os.kill(forwarder(faulty_deployment.port), signal.SIGKILL)
    until_healthy(faulty_deployment, "proxy", "hub")
    for verb in ("status", "up"):
        told = faulty_deployment.make(verb, check=False).stdout
        assert "the hub cannot be reached" in told
        assert "docker compose restart proxy" in told
    faulty_deployment.compose("restart", "proxy")
    until_healthy(faulty_deployment, "proxy")
    assert "the hub cannot be reached" not in faulty_deployment.make("status").stdout


def forwarder(port: int) -> int:
    """The engine's process that takes what comes to a port of this machine."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().decode().split("\0")
            if words[0].endswith("docker-proxy") and str(port) in words:
                return int(process.name)
    raise AssertionError(f"nobody forwards port {port}")


def read_on(kernel: Kernel) -> None:
    """Read until a websocket ends: what the kernel still said of the cell before comes first."""
    while True:
        kernel.channel.recv(timeout=60)


def reconnected(kernel: Kernel) -> Kernel | None:
    """The same kernel over a new websocket, as a page makes it; None while that fails."""
    try:
        return Kernel(kernel.person, kernel.id)
    except Exception:  # refused, closed or answered by the hub in the lab's stead: a page tries again
        return None
