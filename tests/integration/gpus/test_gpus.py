"""GPUs on a real engine: fake devices really injected, really exclusive, and really absent where nobody leased."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest
from homeroom.gpus.leases import Lease
from homeroom.gpus.pool import GPUPool
from homeroom.guard import service as guard

from tests.fake_gpus import IMAGE, GpuEngine, gpu_engine
from tests.hub_deployment import ROOT

GPUS = 4
USERS = 50
KILLS = 3
PATIENCE_SECONDS = 240
LOOK = ["sh", "-c", "ls /dev; env"]


@pytest.fixture(scope="module")
def engine(prepared_engine: None) -> Iterator[GpuEngine]:
    """An engine of its own with four GPUs."""
    with gpu_engine(GPUS, image="debian:trixie-slim") as running:
        yield running


def pool(engine: GpuEngine, **traits: Any) -> GPUPool:
    """A pool over that engine's GPUs, as it would be rendered."""
    named = engine.uuids if traits.get("access") == "nvidia" else engine.cdi_names
    pairs = zip(engine.uuids, named, strict=True)
    gpus = [{"id": uuid, "name": name, "nodes": [f"/dev/nvidia{at}"]} for at, (uuid, name) in enumerate(pairs)]
    return GPUPool(gpus=gpus, **traits)


def seen(engine: GpuEngine, made: GPUPool, *devices: str, **host: Any) -> str:
    """What a lab with a lease of these devices sees in /dev and in its environment."""
    lease = Lease(user="ada", server="", devices=devices)
    client = engine.client()
    host_config = client.api.create_host_config(network_mode="none", **{**made.host_config(lease), **host})
    created = client.api.create_container(IMAGE, LOOK, environment=made.environment(lease), host_config=host_config)
    try:
        client.api.start(created["Id"])
        client.api.wait(created["Id"])
        return str(client.api.logs(created["Id"]).decode())
    finally:
        client.api.remove_container(created["Id"], force=True)


def test_a_leased_device_is_in_the_lab_and_no_other(engine: GpuEngine) -> None:
    """By CDI, the lab has the node and the variable of the device it leased, and nothing of the others."""
    output = seen(engine, pool(engine), engine.uuids[1])
    assert "FAKE_GPU_1111=here" in output
    assert [line for line in output.splitlines() if line.startswith("nvidia")] == ["nvidia1"]
    both = seen(engine, pool(engine), engine.uuids[0], engine.uuids[3])
    assert [line for line in both.splitlines() if line.startswith("nvidia")] == ["nvidia0", "nvidia3"]


def test_a_lab_without_a_lease_sees_no_gpu(engine: GpuEngine) -> None:
    """The image asks for all GPUs; under the NVIDIA runtime it would get them, and a lab without a lease does not."""
    client = engine.client()
    options: Any = {"runtime": "nvidia", "network_mode": "none", "remove": True}
    unguarded = client.containers.run(IMAGE, LOOK, **options).decode()
    assert "nvidia0" in unguarded, "this image really asks for all of them, and this runtime gives them"
    for made, host in ((pool(engine), {}), (pool(engine, access="nvidia"), {"runtime": "nvidia"})):
        output = seen(engine, made, **host)
        assert "NVIDIA_VISIBLE_DEVICES=void" in output
        assert "FAKE" not in output
        assert not [line for line in output.splitlines() if line.startswith("nvidia")]


def test_the_nvidia_runtime_gives_what_was_leased(engine: GpuEngine) -> None:
    """With the NVIDIA runtime, the variable names the leased UUIDs over the image's `all`, and only they are there."""
    output = seen(engine, pool(engine, access="nvidia"), engine.uuids[2])
    assert "NVIDIA_VISIBLE_DEVICES=GPU-2222" in output
    assert [line for line in output.splitlines() if line.startswith("nvidia")] == ["nvidia2"]


@pytest.fixture
def guarded(engine: GpuEngine, tmp_path: Path) -> Iterator[Any]:
    """The engine as a hub sees it, with two of the four GPUs in the guard's policy."""
    client = engine.client()
    client.volumes.create("gpus_lab-sockets")
    policy = {
        "deployment": "gpus",
        "images": [IMAGE],
        "container_prefix": "gpus-jupyter-",
        "volume_prefix": "gpus-user-",
        "lab_sockets_volume": "gpus_lab-sockets",
        "hub_socket_volume": "gpus_hub-socket",
        "networks": ["gpus_labs"],
        "firewall": False,
        "devices": list(engine.cdi_names[:2]),
    }
    (tmp_path / "guard.json").write_text(json.dumps(policy))
    command = [
        sys.executable,
        "-m",
        "homeroom.guard.service",
        f"--policy={tmp_path}/guard.json",
        f"--engine={engine.socket}",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "jupyterhub")}
    service = subprocess.Popen([*command, f"--socket={tmp_path}/sock", f"--lab-sockets={tmp_path}"], env=environment)
    try:
        while not guard.answers(tmp_path / "sock"):
            assert service.poll() is None
            time.sleep(0.05)
        yield docker.APIClient(base_url=f"unix://{tmp_path}/sock")
    finally:
        service.terminate()
        service.wait(10)
        for container in client.containers.list(all=True, filters={"label": "homeroom.deployment=gpus"}):
            container.remove(force=True)


def lab(hub: Any, made: GPUPool, *devices: str) -> str:
    """A lab made and started through the guard."""
    lease = Lease(user="ada", server="", devices=devices)
    host = {
        "mem_limit": "64m",
        "memswap_limit": "64m",
        "pids_limit": 32,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "network_mode": "none",
        "ulimits": [docker.types.Ulimit(name="nofile", soft=1024, hard=1024)],
        "log_config": docker.types.LogConfig(type="json-file", config={"max-size": "1m"}),
    }
    created = hub.create_container(
        IMAGE,
        ["sleep", "60"],
        name="gpus-jupyter-ada",
        user="1000:100",
        labels={"homeroom.deployment": "gpus", "homeroom.user": "ada", **made.labels(lease)},
        environment=made.environment(lease),
        host_config=hub.create_host_config(**host, **made.host_config(lease)),
    )
    hub.start(created["Id"])
    return str(created["Id"])


def exit_code(hub: Any, container: str, command: list[str]) -> int:
    """How a command ended that was run through the guard."""
    execution = hub.exec_create(container, command, stdin=False, stdout=False, stderr=False)["Id"]
    hub.exec_start(execution, detach=True)
    while (state := hub.exec_inspect(execution))["Running"] or state["ExitCode"] is None:
        time.sleep(0.05)
    return int(state["ExitCode"])


def test_through_the_guard_a_lease_is_given_labelled_and_verified(engine: GpuEngine, guarded: Any) -> None:
    """The guard lets the listed device through, lists the label, and lets the hub look whether the node is there."""
    made = pool(engine)
    held = Lease(user="ada", server="", devices=engine.uuids[:1])
    container = lab(guarded, made, *held.devices)
    (row,) = guarded.containers(all=True, filters={"label": ["homeroom.gpus"]})
    assert row["Labels"]["homeroom.gpus"] == engine.uuids[0]
    assert exit_code(guarded, container, made.device_check(held)) == 0
    other = Lease(user="ada", server="", devices=engine.uuids[1:2])
    assert exit_code(guarded, container, made.device_check(other)) != 0, "a node that is not there is told"
    with pytest.raises(docker.errors.APIError, match="only `ls -d`"):
        guarded.exec_create(container, ["cat", "/etc/passwd"])


def test_the_guard_gives_no_device_that_is_not_listed(engine: GpuEngine, guarded: Any) -> None:
    """Another deployment's GPU is refused even to a hub that asks for it."""
    with pytest.raises(docker.errors.APIError, match="DeviceRequests is not allowed"):
        lab(guarded, pool(engine), engine.uuids[3])


def test_fifty_people_share_four_gpus_while_the_hub_is_killed(engine: GpuEngine, tmp_path: Path) -> None:
    """Everybody gets a GPU in the end, no two hold one at a time, and nothing is held afterwards: SIGKILL and all.

    The kernel is the judge: each lab locks a file for each device that it sees.
    """
    locks = tmp_path / "locks"
    locks.mkdir()
    locks.chmod(0o777)
    waiting = [f"user{number:02}" for number in range(USERS)]
    deadline = time.monotonic() + PATIENCE_SECONDS
    lives = 0
    kill_after = sorted(random.sample(range(5, USERS - 10), KILLS))
    while waiting:
        lives += 1
        rest = kill_after.pop(0) - (USERS - len(waiting)) if kill_after else len(waiting)
        served = _one_life(engine, locks, waiting, max(1, rest), deadline)
        waiting = [user for user in waiting if user not in served]
        assert not (locks / "CLASH").exists(), f"two labs held {(locks / 'CLASH').read_text()}"
        assert not (locks / "WRONG").exists(), f"a lab saw {(locks / 'WRONG').read_text()}"
    assert lives >= KILLS
    assert {path.name for path in locks.iterdir()} == {f"nvidia{index}" for index in range(GPUS)}
    assert [one.name for one in engine.client().containers.list(all=True, filters={"label": "homeroom.gpus"})] == []


def _one_life(engine: GpuEngine, locks: Path, users: list[str], most: int, deadline: float) -> set[str]:
    """Run a hub until it has served so many, then kill it at some moment; returns whom it has served."""
    command = [sys.executable, "-m", "tests.gpu_hub", engine.url, IMAGE, str(locks), ",".join(engine.cdi_names), *users]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'jupyterhub'}"}
    hub = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert hub.stdout
    served: set[str] = set()
    try:
        for line in hub.stdout:
            served.add(line.strip())
            assert time.monotonic() < deadline, f"{len(served)} served"
            if len(served) >= most and len(served) < len(users):
                time.sleep(random.uniform(0, 0.4))
                break
        else:
            assert hub.wait(10) == 0
    finally:
        hub.send_signal(signal.SIGKILL)
        hub.wait()
    return served | {line.strip() for line in hub.stdout}
