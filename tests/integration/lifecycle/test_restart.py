"""The hub comes and goes; nobody who works notices."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.faults import until_healthy
from tests.hub_deployment import HubDeployment, engine
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
OUTDATED = """
from generator.engine.deployment import open_deployment
print(open_deployment().outdated(["guard", "firewall", "proxy", "hub"]))
"""
SERVICES = ("guard", "firewall", "proxy", "hub")


def in_deployment(deployment: HubDeployment, code: str) -> subprocess.Popen[str]:
    """Run a piece of Python with the deployment's generator, and what it starts as a group that can be killed."""
    return subprocess.Popen(
        [".venv/bin/python", "-c", code],
        cwd=deployment.directory,
        env=deployment.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def containers(deployment: HubDeployment) -> dict[str, str]:
    """The states of the services' containers, by name."""
    found = engine().api.containers(all=True, filters={"label": f"com.docker.compose.project={deployment.project}"})
    return {one["Names"][0]: one["State"] for one in found}


def cut_off(deployment: HubDeployment) -> None:
    """Kill it while it makes a service anew."""
    while "created" not in containers(deployment).values():
        run = in_deployment(deployment, EXPIRE)
        while "created" not in containers(deployment).values() and run.poll() is None:
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def test_old_logs_go_and_labs_go_on(deployment: HubDeployment, request: pytest.FixtureRequest) -> None:
    """Services whose logs are too old are made anew and well again, as `make up` made them; the lab and its kernel are
    the same. What a run that was killed has left half made, the next one ends."""
    person = Person(deployment, "admin")
    person.sign_in(deployment.password)
    person.start_lab()
    lab = deployment.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        same = kernel.id
    before = {name: deployment.container(name).id for name in SERVICES}
    assert "No service's log is older than 90 days" in deployment.make("expire-logs").stdout
    assert {name: deployment.container(name).id for name in SERVICES} == before
    request.addfinalizer(lambda: "created" in containers(deployment).values() and deployment.up())
    cut_off(deployment)
    assert "Ending what was cut off" in in_deployment(deployment, EXPIRE).communicate()[0]
    assert containers(deployment) == {f"/{deployment.project}-{name}-1": "running" for name in SERVICES}
    assert not set(before.values()) & {deployment.container(name).id for name in SERVICES}
    until_healthy(deployment, *SERVICES)
    assert in_deployment(deployment, OUTDATED).communicate()[0] == "[]\n"
    assert deployment.lab("admin").id == lab
    with Kernel(person, same) as kernel:
        assert kernel.run("print(mark)") == "before\n"
