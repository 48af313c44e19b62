"""The guard before the real engine: a lab's whole life through it, and what it keeps from whoever holds the hub."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import docker
import docker.errors
import docker.types
import pytest
from homeroom.contract.sockets import directory_name
from homeroom.guard import service as guard

from tests.faults import until_logged

OWN = directory_name("ada", "")
IMAGE = "debian:trixie-slim"
SLEEP = ["sleep", "300"]


@dataclass(frozen=True)
class Site:
    """One guarded deployment: the engine itself, and the engine as the hub sees it."""

    name: str
    engine: Any
    hub: Any
    socket: Path
    sockets: Path

    def labels(self, user: str) -> dict[str, str]:
        """What the hub labels a user's things with."""
        return {"homeroom.deployment": self.name, "homeroom.user": user, "homeroom.server": ""}

    def host_config(self, **changes: Any) -> Any:
        """What LabSpawner sends, with some of it changed."""
        binds = [
            f"{self.name}-user-ada:/home/jovyan:rw",
            f"{self.name}_hub-socket:/run/hub:ro",
            f"{self.sockets}/{OWN}:/run/lab:rw",
        ]
        valid: dict[str, Any] = {
            "binds": binds,
            "mem_limit": "64m",
            "memswap_limit": "64m",
            "cpu_period": 100_000,
            "cpu_quota": 50_000,
            "pids_limit": 64,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "group_add": ["100"],
            "init": True,
            "network_mode": f"{self.name}_labs",
            "log_config": docker.types.LogConfig(type="json-file", config={"max-size": "1m"}),
            "ulimits": [docker.types.Ulimit(name="nofile", soft=1024, hard=1024)],
            "read_only": False,
            "shm_size": "16m",
            "oom_score_adj": 500,
            "links": {},
            "mounts": [],
        }
        return self.hub.create_host_config(**{**valid, **changes})

    def create(self, command: list[str] = SLEEP, **changes: Any) -> str:
        """Ask for a lab and return its id."""
        asked: dict[str, Any] = {
            "image": IMAGE,
            "command": command,
            "name": f"{self.name}-jupyter-ada",
            "environment": {"JUPYTERHUB_API_TOKEN": "secret-token"},
            "labels": self.labels("ada"),
            "user": "1000:100",
            "ports": {"8888/tcp": None},
            "volumes": ["/home/jovyan", "/run/hub", "/run/lab"],
            "healthcheck": {"test": ["NONE"]},
            "host_config": self.host_config(),
            **changes,
        }
        created = self.hub.create_container(**asked)
        return str(created["Id"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A deployment of volumes, a network and a running guard, gone afterwards."""
    name = f"guardtest{uuid.uuid4().hex[:6]}"
    engine = docker.APIClient(version="auto")
    sockets = Path(engine.create_volume(f"{name}_lab-sockets")["Mountpoint"])
    os.chown(sockets, 0, 100)  # as the images have it, from which Compose's volume takes it
    sockets.chmod(0o2750)
    engine.create_volume(f"{name}_hub-socket")
    network = engine.create_network(f"{name}_labs", options={"com.docker.network.bridge.enable_icc": "false"})
    location = tmp_path_factory.mktemp("guard")
    policy = {
        "deployment": name,
        "images": [IMAGE],
        "container_prefix": f"{name}-jupyter-",
        "volume_prefix": f"{name}-user-",
        "lab_sockets_volume": f"{name}_lab-sockets",
        "hub_socket_volume": f"{name}_hub-socket",
        "networks": [f"{name}_labs"],
        "firewall": False,
        "max_memory_bytes": 1 << 30,
        "max_pids": 256,
    }
    (location / "guard.json").write_text(json.dumps(policy))
    service = start_guard(location, sockets)
    try:
        hub = docker.APIClient(base_url=f"unix://{location}/engine.sock", version="auto")
        hub.create_volume(f"{name}-user-ada", labels={**policy_labels(name), "homeroom.user": "ada"})
        yield Site(name, engine, hub, location / "engine.sock", sockets)
    finally:
        service.terminate()
        assert service.wait(10) == 0
        for container in engine.containers(all=True, filters={"label": f"guardtest={name}"}) + engine.containers(
            all=True, filters={"label": f"homeroom.deployment={name}"}
        ):
            engine.remove_container(container["Id"], force=True, v=True)
        for volume in engine.volumes(filters={"name": name})["Volumes"] or []:
            engine.remove_volume(volume["Name"])
        engine.remove_network(network["Id"])


def policy_labels(name: str) -> dict[str, str]:
    """The label of a deployment."""
    return {"homeroom.deployment": name}


def start_guard(location: Path, sockets: Path) -> subprocess.Popen[bytes]:
    """A guard in a directory, answering; the engine keeps the labs' sockets in another."""
    options = ["--socket", str(location / "engine.sock"), "--policy", str(location / "guard.json")]
    options += ["--lab-sockets", str(sockets)]
    environment = {**os.environ, "PYTHONPATH": str(Path(guard.__file__).parents[2])}
    service = subprocess.Popen([sys.executable, "-m", "homeroom.guard.service", *options], env=environment)
    until = time.monotonic() + 120
    while not guard.answers(location / "engine.sock"):
        assert service.poll() is None
        assert time.monotonic() < until
        time.sleep(0.05)
    return service


@pytest.fixture
def lab(site: Site) -> Iterator[str]:
    """A lab made through the guard."""
    lab = site.create()
    yield lab
    with contextlib.suppress(docker.errors.NotFound):
        site.engine.remove_container(lab, force=True, v=True)


def test_a_labs_whole_life(site: Site) -> None:
    """Everything dockerspawner does with a container works through the guard, limits and mounts included."""
    name = f"{site.name}-jupyter-ada"
    assert site.hub.inspect_image(IMAGE)["Id"]
    with pytest.raises(docker.errors.NotFound):
        site.hub.inspect_container(name)
    lab = site.create(command=["sh", "-c", "id; grep -E 'Cap|NoNew' /proc/self/status; sleep 300"])
    try:
        site.hub.start(lab)
        described = site.hub.inspect_container(name)
        assert described["Id"] == lab
        assert described["State"]["Running"]
        assert described["HostConfig"]["Memory"] == described["HostConfig"]["MemorySwap"] == 64 << 20
        assert {each["Destination"]: each["RW"] for each in described["Mounts"]} == {
            "/home/jovyan": True,
            "/run/hub": False,
            "/run/lab": True,
        }
        assert [each["Id"] for each in site.hub.containers()] == [lab]
        said = ("uid=1000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1")
        until_logged(lambda: site.hub.logs(lab, tail=20), *said)
        site.hub.stop(name, timeout=1)
        assert site.hub.wait(lab)["StatusCode"] in (137, 143)
    finally:
        site.hub.remove_container(lab, v=True, force=True)
    assert site.hub.containers(all=True) == []


def test_a_lab_sees_its_own_sockets_only(site: Site) -> None:
    """Of the volume of sockets a lab has its own directory, not its neighbours', and may make its socket there."""
    (site.sockets / "neighbour").mkdir()
    assert not (site.sockets / OWN).exists() or not list((site.sockets / OWN).iterdir())
    lab = site.create(command=["sh", "-c", "touch /run/lab/mine && ls /run/lab"])
    try:
        site.hub.start(lab)
        site.hub.wait(lab)
        assert site.hub.logs(lab) == b"mine\n"
        made = (site.sockets / OWN / "mine").stat()
        assert (made.st_uid, made.st_gid) == (1000, 100), "what the lab makes is the sockets' group's"
    finally:
        site.hub.remove_container(lab, force=True)
        (site.sockets / OWN / "mine").unlink(missing_ok=True)


def test_a_link_in_the_place_of_the_sockets_leads_nowhere(site: Site) -> None:
    """The engine would follow a link among the sockets to the host's root: the guard makes no lab of it."""
    own = site.sockets / OWN
    taken = {"host_config": site.host_config(binds=[f"{own}:/run/lab:rw"]), "volumes": ["/run/lab"]}
    with contextlib.suppress(FileNotFoundError):
        own.rmdir()
    own.symlink_to("/")
    try:
        with pytest.raises(docker.errors.APIError, match="is no directory") as refusal:
            site.create(command=["ls", "/run/lab"], **taken)
        assert refusal.value.status_code == 403
    finally:
        own.unlink()
    site.sockets.chmod(0o2770)
    try:
        with pytest.raises(docker.errors.APIError, match="guard alone"):
            site.create(**taken)
    finally:
        site.sockets.chmod(0o2750)
    assert not own.exists()
    assert site.hub.containers(all=True) == []


def test_the_host_is_not_to_be_had(site: Site) -> None:
    """Whoever holds the hub gets 403 for each way to the host, and no container comes of it."""
    mount = docker.types.Mount
    options = docker.types.DriverConfig("local", {"type": "none", "o": "bind", "device": "/"})
    attempts: list[dict[str, Any]] = [
        {"host_config": site.host_config(privileged=True)},
        {"host_config": site.host_config(binds=["/:/host"])},
        {"host_config": site.host_config(binds=["/var/run/docker.sock:/run/lab:rw"])},
        {"host_config": site.host_config(binds=[f"{site.sockets}:/run/lab:rw"])},
        {"host_config": site.host_config(binds=[f"{site.sockets}/{directory_name('bob', '')}:/run/lab:rw"])},
        {"working_dir": "/proc/self/fd/8"},
        {"healthcheck": {"test": ["CMD", "true"], "interval": 1_000_000}},
        {"host_config": site.host_config(cpu_shares=4096)},
        {"host_config": site.host_config(ulimits=[docker.types.Ulimit(name="nofile", soft=1 << 20, hard=1 << 20)])},
        {"host_config": site.host_config(binds=[f"{site.name}_lab-sockets:/run/lab:rw"])},
        {"host_config": site.host_config(mounts=[mount("/home/jovyan", f"{site.name}-user-x", driver_config=options)])},
        {"host_config": site.host_config(cap_add=["SYS_ADMIN"])},
        {"host_config": site.host_config(pid_mode="host")},
        {"host_config": site.host_config(ipc_mode="host")},
        {"host_config": site.host_config(network_mode="host")},
        {"host_config": site.host_config(network_mode="bridge")},
        {"host_config": site.host_config(devices=["/dev/null:/dev/x:rwm"])},
        {"host_config": site.host_config(security_opt=["seccomp=unconfined"])},
        {"host_config": site.host_config(cgroup_parent="/")},
        {"host_config": site.host_config(mem_limit=None, memswap_limit=None)},
        {"user": "root"},
        {"labels": {}},
        {"name": f"{site.name}-hub-1"},
    ]
    for attempt in attempts:
        with pytest.raises(docker.errors.APIError, match=r"the guard of guardtest.* refused this") as refusal:
            site.create(**attempt)
        assert refusal.value.status_code == 403
        assert "secret-token" not in str(refusal.value)
    with pytest.raises(docker.errors.APIError, match="DriverOpts"):
        site.hub.create_volume(
            f"{site.name}-user-x", driver_opts={"type": "none", "o": "bind", "device": "/"}, labels=site.labels("x")
        )
    assert site.engine.containers(all=True, filters={"name": f"{site.name}-"}) == []


def test_another_persons_home_is_not_to_be_had(site: Site) -> None:
    """A lab of one user's cannot mount the volume of another's, nor one that the deployment did not label."""
    site.hub.create_volume(f"{site.name}-user-bob", labels=site.labels("bob"))
    site.engine.create_volume(f"{site.name}-user-nobody")
    for whose in ("bob", "nobody"):
        with pytest.raises(docker.errors.APIError, match="is labelled as that of"):
            site.create(host_config=site.host_config(binds=[f"{site.name}-user-{whose}:/home/jovyan:rw"]), volumes=[])
    with pytest.raises(docker.errors.APIError, match="not labelled"):
        site.hub.inspect_volume(f"{site.name}-user-nobody")
    home = site.engine.inspect_volume(f"{site.name}-user-bob")["Mountpoint"]
    with pytest.raises(docker.errors.APIError, match="is not allowed"):
        site.create(host_config=site.host_config(binds=[f"{home}:/home/jovyan:rw"]), volumes=[])


@pytest.mark.parametrize("what", ["courses", "lms", "records", "history"])
def test_what_a_service_keeps_is_not_to_be_had(site: Site, what: str) -> None:
    """No lab mounts what was handed in, grades and records: by name, or by the engine's path to it, in either form of a
    mount; and whoever holds the hub sees nothing of such a volume, and does not remove it."""
    volume, mount = f"{site.name}_{what}", docker.types.Mount
    path = site.engine.create_volume(volume)["Mountpoint"]
    kinds: tuple[tuple[str, Literal["volume", "bind"]], ...] = ((volume, "volume"), (path, "bind"))
    for place, kind in kinds:
        for target in ("/home/jovyan", "/mnt"):
            for host in (
                site.host_config(binds=[f"{place}:{target}:ro"]),
                site.host_config(binds=[], mounts=[mount(target, place, kind, read_only=True)]),
            ):
                with pytest.raises(docker.errors.APIError, match="is not allowed"):
                    site.create(host_config=host, volumes=[])
    for call in (site.hub.inspect_volume, site.hub.remove_volume):
        with pytest.raises(docker.errors.APIError):
            call(volume)
    assert site.engine.inspect_volume(volume)["Name"] == volume
    assert site.engine.containers(all=True, filters={"name": f"{site.name}-"}) == []


def test_other_containers_are_not_to_be_had(site: Site, lab: str) -> None:
    """The services, another deployment's labs and the lab's own inside stay out of reach and out of the list."""
    other = site.engine.create_container(
        IMAGE, SLEEP, name=f"{site.name}-jupyter-other", labels={"guardtest": site.name, "homeroom.deployment": "other"}
    )["Id"]
    for call in (site.hub.inspect_container, site.hub.start, site.hub.stop, site.hub.remove_container, site.hub.logs):
        for name in (other, f"{site.name}-jupyter-other"):
            with pytest.raises(docker.errors.APIError, match="no lab of this deployment"):
                call(name)
    assert [each["Id"] for each in site.hub.containers(all=True)] == [lab]
    site.hub.start(lab)
    for closed in (
        lambda: site.hub.exec_create(lab, "id"),
        lambda: site.hub.put_archive(lab, "/", b""),
        lambda: site.hub.update_container(lab, mem_limit="1g"),
        lambda: site.hub.commit(lab),
        site.hub.info,
        site.hub.images,
        lambda: site.hub.remove_volume(f"{site.name}-user-ada"),
        lambda: site.hub.pull("debian"),
    ):
        with pytest.raises(docker.errors.APIError) as refusal:
            closed()
        assert refusal.value.status_code == 403


def test_the_guard_costs_under_five_milliseconds(site: Site, lab: str, record_property: Any) -> None:
    """At most 5 ms a call for the calls that the hub makes most. Of many the quickest tenth counts: what other tests do
    to the machine meanwhile is no cost of the guard's."""
    calls: dict[str, Any] = {
        "ping": lambda client: client.ping(),
        "inspect": lambda client: client.inspect_container(f"{site.name}-jupyter-ada"),
        "list": lambda client: client.containers(filters={"label": f"homeroom.deployment={site.name}"}),
    }
    for name, call in calls.items():
        straight, guarded = (measured(call, client) for client in (site.engine, site.hub))
        added = guarded[len(guarded) // 10] - straight[len(straight) // 10]
        print(f"{name}: {summary(straight)} straight, {summary(guarded)} guarded, {added:.2f} ms added")
        record_property(f"{name}_added_ms", round(added, 2))
        assert added < 5


def measured(call: Any, client: Any, times: int = 100) -> list[float]:
    """How long each of many calls took, in milliseconds, sorted."""
    for _ in range(5):
        call(client)
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        call(client)
        found.append((time.perf_counter() - begun) * 1000)
    return sorted(found)


def summary(times: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{times[len(times) // 2]:.2f} ms (p95 {times[int(len(times) * 0.95)]:.2f})"


def test_a_killed_guard_comes_back_at_the_same_place(site: Site, tmp_path: Path) -> None:
    """After SIGKILL the next guard takes the socket over, and a client that was connected goes on."""
    (tmp_path / "guard.json").write_text((site.socket.parent / "guard.json").read_text())
    first = start_guard(tmp_path, site.sockets)
    client = docker.APIClient(base_url=f"unix://{tmp_path}/engine.sock", version="auto")
    first.kill()
    first.wait()
    assert not guard.answers(tmp_path / "engine.sock")
    second = start_guard(tmp_path, site.sockets)
    try:
        assert client.ping()
    finally:
        second.terminate()
        assert second.wait(10) == 0
