"""The hub comes and goes; nobody who works notices."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.hub_deployment import HubDeployment
from tests.person import Kernel, Person


def restarted_by_verb(deployment: HubDeployment) -> None:
    """`make restart`."""
    deployment.make("restart")


def killed(deployment: HubDeployment) -> None:
    """The hub's process dies at once; the engine's restart policy brings it back."""
    hub = deployment.container("hub")
    before = hub.attrs["State"]["StartedAt"]
    os.kill(hub.attrs["State"]["Pid"], signal.SIGKILL)  # an engine does not restart what its own `kill` stopped
    deadline = time.monotonic() + 120
    while deployment.container("hub").attrs["State"]["StartedAt"] == before or not healthy(deployment):
        assert time.monotonic() < deadline, "the hub did not come back in 120 s"
        time.sleep(0.2)


def upgraded(deployment: HubDeployment) -> None:
    """The hub's container is replaced, as a new image does it."""
    deployment.compose("up", "--detach", "--force-recreate", "--wait", "hub")


def healthy(deployment: HubDeployment) -> bool:
    """Whether the hub's healthcheck passes."""
    return bool(deployment.container("hub").attrs["State"]["Health"]["Status"] == "healthy")


@pytest.mark.parametrize("event", [restarted_by_verb, upgraded, killed])
def test_labs_kernels_and_websockets_live_on(deployment: HubDeployment, event: Callable[[HubDeployment], None]) -> None:
    """A hub restart, upgrade or crash: same lab, same kernel, same open websocket, and the hub knows the lab again."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.start_lab()
    lab = deployment.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        event(deployment)
        assert kernel.run("print(mark)") == "before\n"
        assert deployment.lab("admin").id == lab
        person.get("hub/home")
        assert person.api("GET", "users/admin").json()["servers"][""]["ready"]
        assert person.get("user/admin/lab").status_code == 200


EXPIRE = """
from datetime import UTC, datetime, timedelta
from generator.engine.deployment import open_deployment
from generator.lifecycle import expire_logs
expire_logs.expire(open_deployment(), datetime.now(UTC) + timedelta(days=91))
"""


def test_old_logs_go_and_labs_go_on(deployment: HubDeployment) -> None:
    """Services whose logs are too old are made anew and well again; the lab and its kernel are the same."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.start_lab()
    lab, services = deployment.lab("admin").id, ("guard", "firewall", "proxy", "hub")
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        same = kernel.id
    before = {name: deployment.container(name).id for name in services}
    assert "No service's log is older than 90 days" in deployment.make("expire-logs").stdout
    assert {name: deployment.container(name).id for name in services} == before
    subprocess.run([".venv/bin/python", "-c", EXPIRE], cwd=deployment.directory, check=True)
    assert not set(before.values()) & {deployment.container(name).id for name in services}
    assert deployment.lab("admin").id == lab
    with Kernel(person, same) as kernel:
        assert kernel.run("print(mark)") == "before\n"
