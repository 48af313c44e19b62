"""The watchdog on a deployment that runs: what it tells a real server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import until_healthy
from tests.http_sink import Hook, answering
from tests.hub_deployment import HubDeployment


@pytest.fixture
def watched(deployment: HubDeployment) -> Iterator[Hook]:
    """The deployment tells a server of this machine; afterwards it is as it was."""
    env = deployment.directory / ".env"
    kept = env.read_text()
    with answering() as hook:
        env.write_text(f"{kept}ALERT_WEBHOOK={hook.url}/hook\nWATCH_PING={hook.url}/ping\n")
        try:
            yield hook
        finally:
            env.write_text(kept)
            shutil.rmtree(deployment.directory / "watching", ignore_errors=True)


def told_of_proxy(hook: Hook) -> list[str]:
    """The messages that name the proxy; a busy machine may give others."""
    return [body["text"] for body in hook.bodies if "proxy: " in body["text"]]


def as_if_long_ago(state: Path, seconds: float) -> None:
    """The rounds so far were so long ago."""
    known = json.loads(state.read_text())
    for fault in known["faults"].values():
        fault["seen"] -= seconds
    state.write_text(json.dumps(known))


def test_a_fault_is_told_once_and_once_when_it_is_over(deployment: HubDeployment, watched: Hook) -> None:
    """A service that was stopped is told by the webhook, not in the next round, and again once it was well for a
    while; it is not started: somebody stopped it. Each round asks the address that notices silence."""
    proxy = deployment.container("proxy")
    proxy.stop(timeout=1)
    try:
        for _ in range(2):
            done = deployment.verb("watch")
            assert done.returncode == 0, done.stdout + done.stderr
        proxy.reload()
        assert proxy.status == "exited"
    finally:
        deployment.compose("start", "proxy")
        until_healthy(deployment, "proxy")
    (text,) = told_of_proxy(watched)
    assert "does not run" in text
    as_if_long_ago(deployment.directory / "watching/state.json", 3600)
    assert deployment.verb("watch").returncode == 0
    (_, text) = told_of_proxy(watched)
    assert "Over:" in text
    assert watched.paths.count("/ping") == 3
    assert deployment.password not in json.dumps(watched.bodies)
