"""A deployment closes with everything of it in its copies, and opens again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from generator.topics.copies.moved import TOLD
from tests.faults import until
from tests.hub_deployment import HubDeployment, engine
from tests.integration.copies.repository import of_copies, restic
from tests.person import Person

TO = "https://hub.example.edu/new/"
WRITES = "while :; do date +%s.%N >> moved.txt; sleep 0.2; done"
HTML = {"Accept": "text/html", "Accept-Language": "en"}


def page(deployment: HubDeployment) -> str:
    """What people see who come to the hub."""
    return requests.get(f"{deployment.url}hub/home", headers=HTML, timeout=60).text


def as_it_lies_there(deployment: HubDeployment) -> str:
    """What was written until the end."""
    output: bytes = engine().containers.run(
        f"{deployment.project}-copies:local",
        ["cat", "/home/moved.txt"],
        user="1000:100",
        network_mode="none",
        volumes={f"{deployment.project}-user-admin": {"bind": "/home", "mode": "ro"}},
        remove=True,
    )
    assert output
    return output.decode()


def running_copies(deployment: HubDeployment) -> list[str]:
    """Containers of copies that were started: what was killed just before that is removed by the next one."""
    return [one.name for one in of_copies(deployment) if one.status != "created"]


def killed_once(deployment: HubDeployment, reached: Callable[[], object], what: str) -> None:
    """Kill `make move` with all that it has begun, once something is reached; what it leaves behind ends."""
    running = subprocess.Popen(
        [".venv/bin/python", "-m", "generator", "move", TO],
        cwd=deployment.directory,
        env=deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(reached, what, interval=0.01)
        assert running.poll() is None
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    until(lambda: not running_copies(deployment), "nothing of the copy runs")


@pytest.fixture
def without_reader(deployment: HubDeployment, place: Path) -> Iterator[None]:
    """`make up` brings up what the tests have shared before: no service that reads copies for people."""
    file = deployment.directory / ".env"
    before = file.read_text()
    file.write_text(f"{before}OWN_COPIES=off\n")
    yield
    file.write_text(before)


@pytest.mark.usefixtures("without_reader")
def test_a_move_loses_no_file_and_there_is_a_way_back(deployment: HubDeployment, place: Path, admin: Person) -> None:
    """`make move` copies while all work, closes labs and sign-in, and copies again: what was written until the last
    moment is in that copy. Killed at any step, it goes on when it is typed again. People read where to go, and the
    deployment does not start again by accident, nor make copies. `make move-back` opens it as it was, unless the other
    server has made copies since."""
    assert "TO is missing" in deployment.verb("move").stdout
    assert "is no address of a hub" in deployment.verb("move", "javascript:alert(1)").stdout
    assert "has not moved" in deployment.verb("move-back").stdout
    admin.run(f"import subprocess; subprocess.Popen(['sh', '-c', {WRITES!r}], start_new_session=True)")
    closed = deployment.directory / ".moved"
    killed_once(deployment, lambda: of_copies(deployment), "a first copy is being made")
    assert not closed.exists()
    assert [lab.status for lab in deployment.labs("admin")] == ["running"]
    killed_once(deployment, closed.exists, "labs are being closed")
    assert "was begun and not ended" in deployment.verb("up").stdout
    killed_once(
        deployment, lambda: not deployment.labs("admin") and of_copies(deployment), "the last copy is being made"
    )
    said = " ".join(deployment.make("move", f"TO={TO}").stdout.split())
    assert f"People who come here are told to go to {TO}" in said
    assert deployment.labs("admin") == []
    copy = json.loads((deployment.directory / ".moved").read_text())["copy"]
    assert restic(deployment, place, "dump", copy, "/copy/homes/admin/moved.txt") == as_it_lies_there(deployment)
    until(lambda: f'<a href="{TO}">' in page(deployment), "people are told where to go")
    assert "<h1>The hub has moved</h1>" in page(deployment)

    for verb in ("up", "backup"):
        refused = deployment.verb(verb)
        assert refused.returncode == 2
        assert f"moved to {TO}" in " ".join(refused.stdout.split())
    assert f"moved to {TO}" in " ".join(deployment.make("status").stdout.split())
    told = " ".join(deployment.make("doctor").stdout.split())
    assert f"this deployment moved to {TO}" in told
    assert "is not there" not in told
    assert f"told to go to {TO}" in " ".join(deployment.make("move", f"TO={TO}").stdout.split())

    (deployment.directory / ".moved").write_text(json.dumps({"state": "moved", "to": TO, "copy": "0" * 64}))
    assert "has made a copy since" in deployment.verb("move-back").stdout
    (deployment.directory / ".moved").write_text(json.dumps({"state": "moved", "to": TO, "copy": copy}))
    deployment.make("move-back")
    assert not (deployment.directory / "rendered" / TOLD).exists()
    admin.sign_in(deployment.password)
    admin.start_lab()
    assert admin.run("import os; print(os.path.getsize('moved.txt') > 0); os.remove('moved.txt')").strip() == "True"
