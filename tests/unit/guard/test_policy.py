"""The guard's decision: what a hub needs passes, written anew; whatever could grant the host does not."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
import yaml
from homeroom.contract import sockets
from homeroom.guard.container_rules.values import HOUR, SECOND
from homeroom.guard.decisions import decide, is_lab, owner
from homeroom.guard.policy import Policy
from homeroom.guard.routes import Deny, EngineCall
from homeroom.guard.values import MountRule
from hypothesis import given
from hypothesis import strategies as st

from generator.core.paths import ROOT
from generator.lifecycle import render
from tests.examples import examples
from tests.sample_settings import settings

OWN = sockets.directory_name("ada", "")
SOCKETS = "/var/lib/docker/volumes/homeroom_lab-sockets/_data"
GPU = "nvidia.com/gpu=1"
POLICY = Policy(
    deployment="homeroom",
    images=frozenset({"homeroom-lab:local", "quay.io/jupyter/minimal@sha256:ab"}),
    container_prefix="homeroom-jupyter-",
    volume_prefix="homeroom-user-",
    lab_sockets_volume="homeroom_lab-sockets",
    hub_socket_volume="homeroom_hub-socket",
    networks=frozenset({"homeroom_labs"}),
    volumes=(MountRule(source="homeroom_kernels", target="/opt/kernels"),),
    binds=(MountRule(source="/srv/homes/*", target="/home/jovyan", read_only=False),),
    devices=frozenset({GPU}),
    max_memory_bytes=8 << 30,
    lab_sockets_path=SOCKETS,
)
BODY: dict[str, Any] = {
    # what dockerspawner 14 sends for LabSpawner, falsy fields and all
    "Hostname": None,
    "Domainname": None,
    "ExposedPorts": {"8888/tcp": {}},
    "User": None,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Env": ["JUPYTERHUB_API_TOKEN=secret-token", "NVIDIA_VISIBLE_DEVICES=void"],
    "Cmd": ["lab"],
    "Image": "homeroom-lab:local",
    "Volumes": {"/home/jovyan": {}, "/run/hub": {}, "/run/lab": {}},
    "NetworkDisabled": False,
    "Entrypoint": None,
    "WorkingDir": None,
    "NetworkingConfig": None,
    "MacAddress": None,
    "Labels": {"homeroom.deployment": "homeroom", "homeroom.user": "ada", "homeroom.server": ""},
    "StopSignal": None,
    "Healthcheck": {"Test": ["NONE"], "Interval": None, "Timeout": None, "Retries": None, "StartPeriod": None},
    "StopTimeout": None,
    "Runtime": None,
    "HostConfig": {
        "Memory": 1 << 30,
        "MemorySwap": 1 << 30,
        "ShmSize": 64 << 20,
        "PidsLimit": 512,
        "CpuPeriod": 100_000,
        "CpuQuota": 200_000,
        "OomScoreAdj": 500,
        "Privileged": False,
        "NetworkMode": "homeroom_labs",
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "GroupAdd": ["100"],
        "Init": True,
        "AutoRemove": True,
        "ReadonlyRootfs": False,
        "Links": [],
        "Mounts": [],
        "Binds": [
            "homeroom-user-ada:/home/jovyan:rw",
            "homeroom_hub-socket:/run/hub:ro",
            f"{SOCKETS}/{OWN}:/run/lab:rw",
        ],
        "Ulimits": [{"Name": "nofile", "Soft": 4096, "Hard": 4096}, {"Name": "core", "Soft": 0, "Hard": 0}],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
    },
}


def create(body: Any, policy: Policy = POLICY, version: str = "/v1.45") -> EngineCall | Deny:
    """The verdict on a create call with this body, given as text or as an object."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return decide("POST", f"{version}/containers/create", "name=homeroom-jupyter-ada", content, policy)


def changed(**fields: Any) -> dict[str, Any]:
    """The valid body with other top-level fields."""
    return {**copy.deepcopy(BODY), **fields}


def hosted(**fields: Any) -> dict[str, Any]:
    """The valid body with other fields of HostConfig."""
    return changed(HostConfig={**copy.deepcopy(BODY["HostConfig"]), **fields})


def sent(verdict: EngineCall | Deny) -> dict[str, Any]:
    """The body that goes to the engine."""
    assert isinstance(verdict, EngineCall), verdict
    assert verdict.body is not None
    body: dict[str, Any] = json.loads(verdict.body)
    return body


def test_what_the_hub_sends_passes_with_its_limits() -> None:
    """dockerspawner's own body, docker-py's falsy fields and all, makes a lab, and its limits reach the engine."""
    verdict = create(BODY)
    body = sent(verdict)
    assert body["Image"] == "homeroom-lab:local"
    assert body["HostConfig"]["CapDrop"] == ["ALL"]
    assert body["HostConfig"]["MemorySwap"] == body["HostConfig"]["Memory"] == 1 << 30
    assert body["HostConfig"]["Binds"] == ["homeroom-user-ada:/home/jovyan:rw", "homeroom_hub-socket:/run/hub:ro"]
    assert isinstance(verdict, EngineCall)
    assert (verdict.homes, verdict.user) == (("homeroom-user-ada",), "ada")


@pytest.mark.parametrize("version", ["", "/v1.41", "/v1.45"])
def test_a_labs_socket_directory_goes_out_with_the_order_to_hold_it(version: str) -> None:
    """The engine follows links in a path: the bind goes out only along with the order to the guard to keep its place.

    It goes as a mount, which fails where the source is missing; as one of Binds it would be made, and be root's.
    """
    own = {"Type": "bind", "Source": f"{SOCKETS}/{OWN}", "Target": "/run/lab", "ReadOnly": False}
    for body in (BODY, hosted(Binds=BODY["HostConfig"]["Binds"][:2], Mounts=[own])):
        verdict = create(body, version=version)
        assert sent(verdict)["HostConfig"]["Mounts"] == [own]
        assert isinstance(verdict, EngineCall)
        assert (verdict.directory, verdict.path) == (OWN, f"{version}/containers/create")
    read_only = sent(create(hosted(Binds=[*BODY["HostConfig"]["Binds"][:2], f"{SOCKETS}/{OWN}:/run/lab:ro"])))
    assert read_only["HostConfig"]["Mounts"] == [{**own, "ReadOnly": True}]


def test_a_lab_without_sockets_needs_no_directory() -> None:
    """Nothing is made for a lab that mounts no directory of sockets, whatever path it binds instead."""
    for binds in ([], ["/srv/homes/ada:/home/jovyan"]):
        verdict = create({**hosted(Binds=binds), "Volumes": {}})
        assert isinstance(verdict, EngineCall)
        assert verdict.directory is None


ALLOWED_BODIES = {
    "an exam without a network": hosted(NetworkMode="none"),
    "its own network spelt out": changed(NetworkingConfig={"EndpointsConfig": {"homeroom_labs": {}}}),
    "a leased GPU": hosted(DeviceRequests=[{"Driver": "cdi", "DeviceIDs": [GPU], "Count": 0, "Capabilities": []}]),
    "a leased GPU by variable": changed(Env=[f"NVIDIA_VISIBLE_DEVICES={GPU}"]),
    "shared kernels": hosted(Binds=["homeroom_kernels:/opt/kernels:ro"], Mounts=None),
    "a home under a host path": hosted(Binds=["/srv/homes/ada:/home/jovyan"]),
    "a user of its own": changed(User="1000:100"),
    "scratch space": hosted(Tmpfs={"/tmp": "rw,noexec,size=64m"}),
    "unknown fields that say nothing": changed(Brandnew=None, Another=[], Third=False),
    "another image": changed(Image="quay.io/jupyter/minimal@sha256:ab"),
    "a start at home": changed(WorkingDir="/home/jovyan"),
    "a start at the root": changed(WorkingDir="/"),
    "a look at its health now and then": changed(
        Healthcheck={"Test": ["CMD", "true"], "Interval": 30 * SECOND, "Timeout": SECOND, "Retries": 3}
    ),
    "private namespaces": hosted(IpcMode="private", CgroupnsMode="private"),
}


@pytest.mark.parametrize("body", ALLOWED_BODIES.values(), ids=ALLOWED_BODIES.keys())
def test_allowed_bodies(body: dict[str, Any]) -> None:
    """Every body that a lab of some profile can need is allowed."""
    if "Volumes" in body:
        body = {**body, "Volumes": {}}
    assert isinstance(create(body), EngineCall), create(body)


def rendered_policy(directory: Path) -> Policy:
    """What a guard is told where homes are directories, and there are courses, copies and whatever else is optional."""
    (directory / "courses.yaml").write_text("courses:\n  - {name: biology, teachers: {people: [ada]}}\n")
    chosen = settings(HOMES="/srv/homes", BACKUP_TO="/srv/copies")
    policy = Policy.from_json(render.rendered_files(chosen, directory)["guard.json"])
    return replace(policy, lab_sockets_path=SOCKETS, max_open_files=POLICY.max_open_files)


def volumes_of_services() -> list[str]:
    """The volumes that the Compose file has, as the engine calls them."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return [f"homeroom_{name}" for name in compose["volumes"]]


@pytest.mark.parametrize("volume", [*volumes_of_services(), "other_courses"])
def test_no_lab_mounts_what_a_service_keeps(tmp_path: Path, volume: str) -> None:
    """Neither what was handed in, grades, records nor anybody's sockets, whatever the deployment has: not by name, by
    the engine's path to it, by what lies in it, or by a way around; wherever in the lab, and read-only neither. The
    hub's socket is where it belongs and nowhere else, and of the labs' sockets there are a lab's own."""
    policy = rendered_policy(tmp_path)
    there = f"/var/lib/docker/volumes/{volume}"
    places = [volume, there, f"{there}/_data", f"{there}/_data/biology", f"/srv/homes/../..{there}/_data"]
    targets = {rule.target for rule in policy.mount_rules()} | {"/mnt", "/home/jovyan/course"}
    known = {(policy.hub_socket_volume, "/run/hub"), (f"{SOCKETS}/biology", "/run/lab")}
    for place, target in {(place, target) for place in places for target in targets} - known:
        for mode in ("ro", "rw"):
            kind = "bind" if place.startswith("/") else "volume"
            newer = {"Type": kind, "Source": place, "Target": target, "ReadOnly": mode == "ro"}
            for host in ({"Binds": [f"{place}:{target}:{mode}"]}, {"Binds": [], "Mounts": [newer]}):
                verdict = create({**hosted(**host), "Volumes": {}}, policy)
                assert isinstance(verdict, Deny), (place, target, mode)
                assert re.match("mount .* is not allowed|bind .* is not source:target", verdict.reason), verdict


@pytest.mark.parametrize("user", ["ada", "bob"])
def test_a_home_that_is_a_directory_is_its_owners(tmp_path: Path, user: str) -> None:
    """By its path, and by a way around through another's, nobody mounts the home of another."""
    policy = rendered_policy(tmp_path)
    for place, allowed in ((f"/srv/homes/{user}", user == "ada"), (f"/srv/homes/ada/../{user}", False)):
        verdict = create({**hosted(Binds=[f"{place}:/home/jovyan:rw"]), "Volumes": {}}, policy)
        assert isinstance(verdict, EngineCall) is allowed, (place, verdict)


def mount(**fields: Any) -> dict[str, Any]:
    """A valid body with one mount in the newer form, changed."""
    valid = {"Type": "volume", "Source": "homeroom-user-ada", "Target": "/home/jovyan"}
    return hosted(Binds=[], Mounts=[{**valid, **fields}])


DENIED_BODIES: dict[str, dict[str, Any]] = {
    "another image": changed(Image="debian"),
    "an image that only begins alike": changed(Image="homeroom-lab:local2"),
    "no labels": changed(Labels=None),
    "another deployment's label": changed(Labels={"homeroom.deployment": "x", "homeroom.user": "ada"}),
    "nobody's": changed(Labels={"homeroom.deployment": "homeroom", "homeroom.user": ""}),
    "Compose's labels": changed(Labels={**BODY["Labels"], "com.docker.compose.service": "hub"}),
    "root": changed(User="root"),
    "root by number": changed(User="0"),
    "root by an odd number": changed(User="+0"),
    "root with zeros": changed(User="00:100"),
    "root's group": changed(User="1000:0"),
    "root as a number": changed(User=0),
    "root with a newline": changed(User="1000\n"),
    "every GPU by variable": changed(Env=["NVIDIA_VISIBLE_DEVICES=all"]),
    "another's GPU by variable": changed(Env=[f"NVIDIA_VISIBLE_DEVICES={GPU},nvidia.com/gpu=2"]),
    "other devices by variable": changed(Env=["NVIDIA_MOFED=enabled"]),
    "a variable of the host's": changed(Env=["HTTPS_PROXY"]),
    "every variable of the host's": changed(Env=["*"]),
    "a volume without a name": changed(Volumes={"/data": {}}),
    "a runtime of old": changed(Runtime="runc"),
    "limits of old at the top": changed(Memory=1),
    "an unknown field": changed(Brandnew=1),
    "no host configuration": changed(HostConfig=None),
    "host configuration in lower case": changed(hostconfig={"Privileged": True}),
    "an empty one in lower case": changed(hostconfig={}),
    "a Kelvin sign": hosted(**{"PidsLimit": 5, "Networ\u212aMode": "host"}),
    "a long s": hosted(**{"Cap\u017f": ["ALL"], "Bind\u017f": ["/:/host"]}),
    "privileged": hosted(Privileged=True),
    "privileged in words": hosted(Privileged="true"),
    "privileged in capitals": hosted(PRIVILEGED=True),
    "a capability": hosted(CapAdd=["SYS_ADMIN"]),
    "capabilities kept": hosted(CapDrop=[]),
    "capabilities partly kept": hosted(CapDrop=["NET_RAW"]),
    "new privileges": hosted(SecurityOpt=[]),
    "no seccomp": hosted(SecurityOpt=["no-new-privileges", "seccomp=unconfined"]),
    "no AppArmor": hosted(SecurityOpt=["no-new-privileges", "apparmor=unconfined"]),
    "no SELinux": hosted(SecurityOpt=["no-new-privileges", "label=disable"]),
    "privileges after all": hosted(SecurityOpt=["no-new-privileges:false"]),
    "unmasked system paths": hosted(SecurityOpt=["no-new-privileges", "systempaths=unconfined"]),
    "no masked paths": hosted(MaskedPaths=[]),
    "no read-only paths": hosted(ReadonlyPaths=[]),
    "the host's network": hosted(NetworkMode="host"),
    "the default network": hosted(NetworkMode="default"),
    "no network named": hosted(NetworkMode=None),
    "the hub's network": hosted(NetworkMode="homeroom_front"),
    "another's network": hosted(NetworkMode="container:homeroom-hub-1"),
    "a second network": changed(NetworkingConfig={"EndpointsConfig": {"homeroom_labs": {}, "homeroom_front": {}}}),
    "an alias": changed(NetworkingConfig={"EndpointsConfig": {"homeroom_labs": {"Aliases": ["hub"]}}}),
    "the host's processes": hosted(PidMode="host"),
    "another's processes": hosted(PidMode="container:homeroom-hub-1"),
    "the host's IPC": hosted(IpcMode="host"),
    "shared IPC": hosted(IpcMode="shareable"),
    "the host's users": hosted(UsernsMode="host"),
    "the host's name": hosted(UTSMode="host"),
    "the host's cgroups": hosted(CgroupnsMode="host"),
    "another cgroup": hosted(CgroupParent="/"),
    "the host's root": hosted(Binds=["/:/host:rw"]),
    "the host's root at home": hosted(Binds=["/:/home/jovyan:rw"]),
    "the engine's socket": hosted(Binds=["/var/run/docker.sock:/run/lab:rw"]),
    "every lab's sockets": hosted(Binds=[f"{SOCKETS}:/run/lab:rw"]),
    "every lab's sockets with a slash": hosted(Binds=[f"{SOCKETS}/:/run/lab:rw"]),
    "above the sockets": hosted(Binds=[f"{SOCKETS}/..:/run/lab:rw"]),
    "far above the sockets": hosted(Binds=[f"{SOCKETS}/../../../..:/run/lab:rw"]),
    "below a lab's sockets": hosted(Binds=[f"{SOCKETS}/{OWN}/x:/run/lab:rw"]),
    "sockets elsewhere": hosted(Binds=[f"{SOCKETS}/{OWN}:/home/jovyan:rw"]),
    "a newline in a path": hosted(Binds=[f"{SOCKETS}/{OWN}\n:/run/lab:rw"]),
    "the whole volume of sockets": hosted(Binds=["homeroom_lab-sockets:/run/lab:rw"]),
    "the hub's socket to write": hosted(Binds=["homeroom_hub-socket:/run/hub:rw"]),
    "the hub's socket, mode unsaid": hosted(Binds=["homeroom_hub-socket:/run/hub"]),
    "the hub's database": hosted(Binds=["homeroom_hub-data:/home/jovyan:rw"]),
    "another deployment's home": hosted(Binds=["other-user-ada:/home/jovyan:rw"]),
    "a home over the system": hosted(Binds=["homeroom-user-ada:/usr:rw"]),
    "a propagated mount": hosted(Binds=["homeroom-user-ada:/home/jovyan:rw,rshared"]),
    "a relabelled mount": hosted(Binds=["homeroom-user-ada:/home/jovyan:Z"]),
    "a bind with four parts": hosted(Binds=["homeroom-user-ada:/home/jovyan:rw:rw"]),
    "a bind that is no list": hosted(Binds="/:/host"),
    "two mounts on one target": hosted(Binds=["homeroom-user-ada:/home/jovyan", "homeroom-user-bob:/home/jovyan"]),
    "a path as a volume": mount(Source="/"),
    "a bound root": mount(Type="bind", Source="/"),
    "an engine's image": mount(Type="image", Source="debian"),
    "a cluster's volume": mount(Type="cluster"),
    "a volume driver": mount(VolumeOptions={"DriverConfig": {"Options": {"device": "/", "o": "bind", "type": "none"}}}),
    "a volume driver in lower case": mount(volumeoptions={"DriverConfig": {"Name": "x"}}),
    "part of a home": mount(VolumeOptions={"Subpath": "x"}),
    "part of the sockets": mount(Source="homeroom_lab-sockets", Target="/run/lab", VolumeOptions={"Subpath": OWN}),
    "an unknown volume option": mount(VolumeOptions={"Brandnew": 1}),
    "a propagated bind": mount(
        Type="bind", Source=f"{SOCKETS}/a", Target="/run/lab", BindOptions={"Propagation": "shared"}
    ),
    "a missing source made": mount(
        Type="bind", Source=f"{SOCKETS}/a", Target="/run/lab", BindOptions={"CreateMountpoint": True}
    ),
    "another's volumes": hosted(VolumesFrom=["homeroom-hub-1"]),
    "a volume driver for all": hosted(VolumeDriver="sshfs"),
    "a device": hosted(Devices=[{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda", "CgroupPermissions": "rwm"}]),
    "a device rule": hosted(DeviceCgroupRules=["b *:* rwm"]),
    "every GPU": hosted(DeviceRequests=[{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu"]]}]),
    "a GPU of another": hosted(DeviceRequests=[{"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=2"]}]),
    "no id of a GPU": hosted(DeviceRequests=[{"Driver": "cdi", "DeviceIDs": []}]),
    "options of a GPU": hosted(DeviceRequests=[{"Driver": "cdi", "DeviceIDs": [GPU], "Options": {"a": "b"}}]),
    "a runtime": hosted(Runtime="kata"),
    "a kernel setting": hosted(Sysctls={"net.ipv4.ip_forward": "1"}),
    "another host's name": hosted(ExtraHosts=["hub:1.2.3.4"]),
    "a name server": hosted(Dns=["1.2.3.4"]),
    "a link": hosted(Links=["homeroom-hub-1:hub"]),
    "a port": hosted(PortBindings={"8888/tcp": [{"HostPort": "80"}]}),
    "every port": hosted(PublishAllPorts=True),
    "the engine's group": hosted(GroupAdd=["0"]),
    "a restart by the engine": hosted(RestartPolicy={"Name": "always"}),
    "no memory limit": hosted(Memory=0),
    "memory unsaid": hosted(Memory=None),
    "too much memory": hosted(Memory=9 << 30, MemorySwap=9 << 30),
    "memory that is true": hosted(Memory=True, MemorySwap=True),
    "swap": hosted(MemorySwap=-1),
    "swap unsaid": hosted(MemorySwap=None),
    "shared memory beyond the limit": hosted(ShmSize=2 << 30),
    "no pids limit": hosted(PidsLimit=-1),
    "too many pids": hosted(PidsLimit=1_000_000),
    "spared by the OOM killer": hosted(OomScoreAdj=-999),
    "OOM killer off": hosted(OomKillDisable=True),
    "priorities": hosted(Ulimits=[{"Name": "rtprio", "Soft": 99, "Hard": 99}]),
    "a log without end": hosted(LogConfig={"Type": "json-file", "Config": {}}),
    "a log elsewhere": hosted(LogConfig={"Type": "syslog", "Config": {"max-size": "1m", "syslog-address": "tcp://x"}}),
    "no log configuration": hosted(LogConfig=None),
    "scratch space over the system": hosted(Tmpfs={"/usr": ""}),
    "scratch space upwards": hosted(Tmpfs={"/tmp/../usr": ""}),
    "scratch space with devices": hosted(Tmpfs={"/tmp": "dev,suid"}),
    "a start where a descriptor leads": changed(WorkingDir="/proc/self/fd/8"),
    "a start in the processes' directory": changed(WorkingDir="/proc"),
    "a start upwards": changed(WorkingDir="/home/jovyan/../.."),
    "a start beside the home": changed(WorkingDir="/home"),
    "a start in no text": changed(WorkingDir=["/"]),
    "another lab's sockets": hosted(Binds=[f"{SOCKETS}/{sockets.directory_name('bob', '')}:/run/lab:rw"]),
    "another lab's sockets, of the same person": hosted(
        Binds=[f"{SOCKETS}/{sockets.directory_name('ada', 'thesis')}:/run/lab:rw"]
    ),
    "another lab's sockets as a mount": mount(
        Type="bind", Source=f"{SOCKETS}/{sockets.directory_name('bob', '')}", Target="/run/lab"
    ),
    "a look at its health each millisecond": changed(Healthcheck={"Test": ["CMD", "true"], "Interval": SECOND // 1000}),
    "a look at its health at the start": changed(
        Healthcheck={"Test": ["CMD", "true"], "StartInterval": SECOND // 1000}
    ),
    "health that takes no time": changed(Healthcheck={"Test": ["CMD", "true"], "Timeout": 1}),
    "health in a hundred years": changed(Healthcheck={"StartPeriod": 10**18}),
    "health that fails a million times": changed(Healthcheck={"Retries": 10**6}),
    "health before time": changed(Healthcheck={"Interval": -1}),
    "a command without end": changed(Cmd=["x" * 200_000]),
    "a command of many words": changed(Entrypoint=["x" * 1000] * 500),
    "an environment without end": changed(Env=[f"A{number}={'x' * 1000}" for number in range(500)]),
    "labels without end": changed(Labels={**BODY["Labels"], **{f"homeroom.{n}": "x" for n in range(1000)}}),
    "a label without end": changed(Labels={**BODY["Labels"], "homeroom.x": "x" * 200_000}),
    "a domain": changed(Domainname="example.org"),
    "a name with a dot": changed(Hostname="hub.example"),
    "a name without end": changed(Hostname="x" * 64),
    "an end that is never heard": changed(StopSignal="SIGWINCH"),
    "an end that takes a day": changed(StopTimeout=86_400),
    "more turns than the hub": hosted(CpuShares=4096),
    "one turn": hosted(CpuShares=1),
    "turns of a microsecond": hosted(CpuPeriod=1),
    "a quota of a microsecond": hosted(CpuQuota=1),
    "a quota without end": hosted(CpuQuota=10**12),
    "CPUs without end": hosted(NanoCpus=10**15),
    "real time": hosted(CpuRealtimeRuntime=950_000),
    "real time by its period": hosted(CpuRealtimePeriod=1_000_000),
    "more of the disk": hosted(BlkioWeight=1000),
    "more of one disk": hosted(BlkioWeightDevice=[{"Path": "/dev/sda", "Weight": 1000}]),
    "memory of the kernel": hosted(KernelMemory=1 << 40),
    "swappiness beyond all": hosted(MemorySwappiness=1000),
    "no limit of open files": hosted(Ulimits=[{"Name": "core", "Soft": 0, "Hard": 0}]),
    "no limits of a process": hosted(Ulimits=None),
    "files without end": hosted(Ulimits=[{"Name": "nofile", "Soft": 1024, "Hard": 1 << 20}]),
    "files without a number": hosted(Ulimits=[{"Name": "nofile", "Soft": -1, "Hard": -1}]),
    "files above what is hard": hosted(Ulimits=[{"Name": "nofile", "Soft": 4096, "Hard": 1024}]),
    "files said twice": hosted(
        Ulimits=[{"Name": "nofile", "Soft": 9, "Hard": 9}, {"Name": "nofile", "Soft": 8, "Hard": 8}]
    ),
    "core dumps": hosted(Ulimits=[BODY["HostConfig"]["Ulimits"][0], {"Name": "core", "Soft": 0, "Hard": 1}]),
    "a limit by an odd name": hosted(
        Ulimits=[BODY["HostConfig"]["Ulimits"][0], {"Name": ["core"], "Soft": 0, "Hard": 0}]
    ),
    "a log of many gigabytes": hosted(LogConfig={"Type": "json-file", "Config": {"max-size": "9999m"}}),
    "a log of many files": hosted(LogConfig={"Type": "json-file", "Config": {"max-size": "1m", "max-file": "9"}}),
    "scratch space in a hundred places": hosted(Tmpfs={f"/tmp/{number}": "" for number in range(100)}),
    "mounts without end": hosted(Binds=["homeroom_kernels:/opt/kernels:ro"] * 500),
    "annotations": hosted(Annotations={"io.podman.annotations.privileged": "TRUE"}),
}


@pytest.mark.parametrize("body", DENIED_BODIES.values(), ids=DENIED_BODIES.keys())
def test_denied_bodies(body: dict[str, Any]) -> None:
    """Each single loosening of the valid body is refused, with a reason that holds no secret."""
    without_anonymous = {**body, "Volumes": body["Volumes"] if body["Volumes"] != BODY["Volumes"] else {}}
    verdict = create(without_anonymous)
    assert isinstance(verdict, Deny)
    assert verdict.reason.isprintable()
    assert "secret-token" not in verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"Image": "a", "Image": "b"}',
        b'{"HostConfig": {"Privileged": false, "Privileged": true}}',
        b'{"Memory": NaN}',
        b'{"Labels": {"homeroom.user": "\\ud800"}}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_odd_json_is_refused(text: bytes) -> None:
    """What two readers could read in two ways, or choke on, is refused rather than guessed at."""
    assert isinstance(create(text), Deny)


def test_a_key_said_twice_is_refused() -> None:
    """An engine may take the first, the last or both together: none of them is what was checked."""
    text = json.dumps(BODY)
    assert isinstance(create(text.encode()), EngineCall)
    for again in ('"Image": "homeroom-lab:local"', '"HostConfig": {}'):
        assert isinstance(create((text[:-1] + f", {again}}}").encode()), Deny)


ALLOWED_CALLS = [
    ("GET", "/_ping", ""),
    ("HEAD", "/_ping", ""),
    ("GET", "/version", ""),
    ("GET", "/v1.45/version", ""),
    ("GET", "/v1.45/images/homeroom-lab:local/json", ""),
    ("GET", "/v1.45/images/homeroom-lab%3Alocal/json", ""),
    ("GET", "/v1.45/images/quay.io/jupyter/minimal%40sha256:ab/json", ""),
    ("GET", "/v1.45/containers/json", "limit=-1&all=1&size=0&trunc_cmd=0"),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/json", ""),
    ("GET", "/v1.45/containers/" + "a" * 64 + "/json", ""),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/logs", "stdout=1&stderr=1&follow=0&tail=50&timestamps=0"),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/stats", "stream=False&one-shot=True"),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/start", ""),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/stop", "t=10"),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/kill", "signal=SIGKILL"),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/wait", ""),
    ("DELETE", "/v1.45/containers/homeroom-jupyter-ada", "v=True&link=False&force=True"),
    ("GET", "/v1.45/volumes/homeroom-user-ada", ""),
    ("GET", "/v1.45/volumes/homeroom_lab-sockets", ""),
]


@pytest.mark.parametrize(("method", "path", "query"), ALLOWED_CALLS)
def test_allowed_calls(method: str, path: str, query: str) -> None:
    """Each call that dockerspawner and the hub make passes; one on a container goes by the id yet to be looked up."""
    verdict = decide(method, path, query, b"", POLICY)
    assert isinstance(verdict, EngineCall), verdict
    assert ("{id}" in verdict.path) == (verdict.container is not None)


DENIED_CALLS = [
    ("GET", "/info", ""),
    ("GET", "/events", ""),
    ("POST", "/build", ""),
    ("POST", "/v1.45/images/create", "fromImage=debian"),
    ("DELETE", "/v1.45/images/homeroom-lab:local", ""),
    ("GET", "/v1.45/images/debian/json", ""),
    ("GET", "/v1.45/images/json", ""),
    ("POST", "/v1.45/containers/prune", ""),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/exec", ""),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/attach", ""),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/update", ""),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/rename", "name=x"),
    ("PUT", "/v1.45/containers/homeroom-jupyter-ada/archive", "path=/"),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/archive", "path=/"),
    ("POST", "/v1.45/exec/abc/start", ""),
    ("POST", "/v1.45/networks/homeroom_front/connect", ""),
    ("DELETE", "/v1.45/volumes/homeroom-user-ada", ""),
    ("POST", "/v1.45/volumes/prune", ""),
    ("GET", "/v1.45/volumes/homeroom_hub-data", ""),
    ("POST", "/v1.45/plugins/pull", ""),
    ("POST", "/swarm/init", ""),
    ("GET", "/v4.0.0/libpod/containers/json", ""),
    ("GET", "/v1.40/containers/homeroom-jupyter-ada/json", ""),
    ("GET", "/v1.45/v1.24/version", ""),
    ("GET", "/v1.45/containers/homeroom-hub-1/json", ""),
    ("POST", "/v1.45/containers/homeroom-hub-1/stop", ""),
    ("GET", "/v1.45/containers/homeroom-jupyter-../json", "size=1"),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/logs", "follow=1&stdout=1"),
    ("GET", "/v1.45/containers/homeroom-hub-1/stats", "stream=False"),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/stats", "stream=1"),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/start", "detachKeys=x"),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/stop", "t=1&t=2"),
    ("POST", "/v1.45/containers/homeroom-jupyter-ada/stop", "T=1"),
    ("DELETE", "/v1.45/containers/homeroom-jupyter-ada", "link=1"),
    ("get", "/version", ""),
    ("GET", "/v1.45/containers/homeroom-jupyter-ada/../homeroom-hub-1/json", ""),
    ("GET", "/v1.45/containers/%2e%2e/json", ""),
    ("GET", "/v1.45/containers/homeroom-jupyter-a%2fb/json", ""),
    ("GET", "/v1.45/containers/homeroom-jupyter-a%252fb/json", ""),
    ("GET", "/v1.45//version", ""),
    ("GET", "//version", ""),
    ("GET", "/version/", ""),
    ("GET", "/version\n", ""),
    ("GET", "http://engine/version", ""),
    ("OPTIONS", "*", ""),
    ("GET", "", ""),
    ("GET", "/v1.45/containers/json", "filters=[]"),
    ("GET", "/v1.45/containers/json", "filters=%7B%22volume%22%3A%5B%22x%22%5D%7D"),
]


@pytest.mark.parametrize(("method", "path", "query"), DENIED_CALLS)
def test_denied_calls(method: str, path: str, query: str) -> None:
    """Every other call is refused, also in another spelling or version."""
    assert isinstance(decide(method, path, query, b"", POLICY), Deny)


@pytest.mark.parametrize(
    "name", ["", "x", "homeroom-hub", "homeroom-jupyter-a/b", "homeroom-jupyter-%0A", "homeroom-jupyter-é"]
)
def test_a_container_name_outside_the_prefix_is_refused(name: str) -> None:
    """A lab cannot take the name of a service or of another deployment's lab."""
    verdict = decide("POST", "/containers/create", f"name={quote(name, safe='%')}", json.dumps(BODY).encode(), POLICY)
    assert isinstance(verdict, Deny)


@pytest.mark.parametrize("asked", [{}, {"label": ["homeroom.user=ada"]}, {"label": {"homeroom.user=ada": True}}])
def test_a_list_is_narrowed_to_this_deployments_labs(asked: dict[str, Any]) -> None:
    """Whatever filter the hub sends, the deployment's own is added to it, and its own is kept."""
    verdict = decide("GET", "/v1.45/containers/json", f"all=1&filters={quote(json.dumps(asked))}", b"", POLICY)
    assert isinstance(verdict, EngineCall)
    filters = json.loads(parse_qs(verdict.query)["filters"][0])
    assert filters["label"][-2:] == ["homeroom.deployment=homeroom", "homeroom.user"]
    assert filters["label"][:-2] == list(asked.get("label", []))


def test_logs_are_bounded() -> None:
    """Not even the whole of a long log can be asked for."""
    for tail in ("all", "999999", ""):
        verdict = decide("GET", "/containers/homeroom-jupyter-a/logs", f"stdout=1&tail={tail}", b"", POLICY)
        assert isinstance(verdict, EngineCall)
        assert parse_qs(verdict.query)["tail"] == ["1000"]


def test_what_a_lab_takes_is_looked_at_once() -> None:
    """The engine is never asked for a stream of figures, which has no end, nor to wait for a second look."""
    for query in ("", "stream=0", "one-shot=0"):
        verdict = decide("GET", "/containers/homeroom-jupyter-a/stats", query, b"", POLICY)
        assert isinstance(verdict, EngineCall)
        assert parse_qs(verdict.query) == {"stream": ["false"], "one-shot": ["true"]}


VOLUME = {"Name": "homeroom-user-ada", "Driver": None, "DriverOpts": None, "Labels": BODY["Labels"]}


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({}, True),
        ({"Driver": "local"}, True),
        ({"Driver": "sshfs"}, False),
        ({"DriverOpts": {"type": "none", "o": "bind", "device": "/"}}, False),
        ({"driveropts": {"type": "none", "o": "bind", "device": "/"}}, False),
        ({"Labels": {}}, False),
        ({"Name": "homeroom_hub-data"}, False),
        ({"Name": "homeroom-user-../x"}, False),
        ({"Name": "homeroom-user-"}, False),
        ({"Name": None}, False),
        ({"ClusterVolumeSpec": {"Group": "x"}}, False),
    ],
)
def test_volumes(fields: dict[str, Any], allowed: bool) -> None:
    """Only a plain, labelled, local volume of a person can be made: driver options could make it the host's root."""
    verdict = decide("POST", "/v1.45/volumes/create", "", json.dumps({**VOLUME, **fields}).encode(), POLICY)
    assert isinstance(verdict, EngineCall) is allowed, verdict


def test_only_labelled_containers_are_labs() -> None:
    """The deployment's own services and other deployments' labs are no labs of this hub."""
    assert is_lab({"Config": {"Labels": BODY["Labels"]}}, POLICY)
    assert not is_lab({"Config": {"Labels": {"homeroom.deployment": "homeroom"}}}, POLICY)
    assert not is_lab({"Config": {"Labels": {**BODY["Labels"], "homeroom.deployment": "other"}}}, POLICY)
    assert not is_lab({"Config": {"Labels": None}}, POLICY)
    assert not is_lab({}, POLICY)
    assert owner({"Labels": BODY["Labels"]}, POLICY) == "ada"


GUARD_JSON = {
    "deployment": "homeroom",
    "images": ["homeroom-lab:local"],
    "container_prefix": "homeroom-jupyter-",
    "volume_prefix": "homeroom-user-",
    "lab_sockets_volume": "homeroom_lab-sockets",
    "hub_socket_volume": "homeroom_hub-socket",
    "networks": ["homeroom_labs"],
    "binds": [{"source": "/srv/homes/*", "target": "/home/jovyan", "read_only": False}],
}


def test_the_policy_file_is_read() -> None:
    """What the generator renders becomes the policy; what is left out takes the closed default."""
    policy = Policy.from_json(json.dumps(GUARD_JSON))
    assert policy.images == {"homeroom-lab:local"}
    assert policy.binds == (MountRule(source="/srv/homes/*", target="/home/jovyan", read_only=False),)
    assert policy.devices == frozenset()
    assert policy.firewall
    assert policy.lab_sockets_path is None


@pytest.mark.parametrize(
    "fields",
    [
        {"image": ["x"]},
        {"images": "homeroom-lab:local"},
        {"deployment": ""},
        {"deployment": 3},
        {"max_pids": True},
        {"firewall": "off"},
        {"firewall": 0},
        {"lab_sockets_path": "/"},
        {"binds": ["/:/host"]},
        {"binds": [{"source": "/", "target": "/host"}]},
        {"binds": [{"source": "/*", "target": "/host"}]},
        {"binds": [{"source": "/srv/../*", "target": "/host"}]},
        {"volumes": [{"source": "*", "target": "/host"}]},
        {"volumes": [{"source": "x", "target": "host"}]},
        {"volumes": [{"source": "x", "target": "/x", "mode": "rw"}]},
    ],
)
def test_a_wrong_policy_file_is_refused(fields: dict[str, Any]) -> None:
    """A slip in the policy stops the guard rather than opening it."""
    with pytest.raises(ValueError, match=r".+"):
        Policy.from_json(json.dumps({**GUARD_JSON, **fields}))


def test_a_policy_file_lacking_a_field_is_refused() -> None:
    """A policy file without a field is refused: no value is guessed."""
    with pytest.raises(ValueError, match="networks"):
        Policy.from_json(json.dumps({key: value for key, value in GUARD_JSON.items() if key != "networks"}))


# -- the fuzz ----------------------------------------------------------------------------------------------------------

DANGEROUS: list[tuple[str, list[Any]]] = [
    ("Privileged", [True, 1, "true", [0]]),
    ("Binds", [["/:/host"], ["/etc:/home/jovyan:rw"], [f"{SOCKETS}/../..:/run/lab"], [f"{SOCKETS}:/run/lab"], "/:/x"]),
    ("Mounts", [[{"Type": "bind", "Source": "/", "Target": "/home/jovyan"}], [{"type": "bind", "source": "/"}]]),
    ("CapAdd", [["ALL"], ["CAP_SYS_ADMIN"], "ALL"]),
    ("CapDrop", [[], None, ["ALL", "-SYS_ADMIN"], "ALL", ["all"]]),
    ("Devices", [[{"PathOnHost": "/dev/sda"}], {"a": 1}]),
    ("DeviceRequests", [[{"Count": -1, "Capabilities": [["gpu"]]}], [{"Driver": "cdi", "DeviceIDs": ["all"]}]]),
    ("DeviceCgroupRules", [["a *:* rwm"]]),
    ("PidMode", ["host", "container:x", "private"]),
    ("IpcMode", ["host", "container:x", "shareable"]),
    ("UTSMode", ["host"]),
    ("UsernsMode", ["host", "keep-id"]),
    ("CgroupnsMode", ["host", "ns:/proc/1/ns/cgroup"]),
    ("NetworkMode", ["host", "container:x", "default", "bridge", "ns:/proc/1/ns/net", ""]),
    ("SecurityOpt", [[], ["seccomp=unconfined"], ["no-new-privileges", "label=disable"], ["no-new-privileges=false"]]),
    ("Runtime", ["evil", "/bin/sh"]),
    ("CgroupParent", ["/", "system.slice"]),
    ("VolumesFrom", [["homeroom-hub-1"]]),
    ("VolumeDriver", ["evil"]),
    ("MaskedPaths", [[]]),
    ("ReadonlyPaths", [[]]),
    ("Sysctls", [{"kernel.core_pattern": "|/x"}]),
    ("OomScoreAdj", [-1000]),
    ("Memory", [0, -1, 1 << 60, None]),
    ("PidsLimit", [0, -1, None]),
    ("GroupAdd", [["0"], ["docker"]]),
    ("LogConfig", [{"Type": "fluentd", "Config": {"fluentd-address": "unix:///var/run/docker.sock"}}]),
    ("PortBindings", [{"22/tcp": [{"HostPort": "22"}]}]),
    ("Annotations", [{"a": "b"}]),
    ("StorageOpt", [{"size": "1T"}]),
    ("WorkingDir", ["/proc/self/fd/8", "/proc", "/home/jovyan/..", 1]),
    ("Healthcheck", [{"Test": ["CMD", "x"], "Interval": 1_000_000}, {"StartInterval": 1}, {"Retries": 1 << 40}]),
    ("Ulimits", [None, [], [{"Name": "nofile", "Soft": 1 << 30, "Hard": 1 << 30}]]),
    *(
        (name, [-1, 1, 4096, 1 << 40, True])
        for name in ("CpuShares", "CpuPeriod", "CpuQuota", "NanoCpus", "StopTimeout")
    ),
    ("CpuRealtimeRuntime", [1]),
    ("BlkioWeight", [1000]),
]
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.lower,
    str.upper,
    str.swapcase,
    lambda key: key.replace("s", "\u017f", 1),
    lambda key: key.replace("k", "\u212a", 1),
    lambda key: key + " ",
    lambda key: "\ufeff" + key,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def tampered_texts(draw: st.DrawFn) -> bytes:
    """The valid body with a few dangerous or random fields at any level, in any spelling, said once or twice."""
    body, host = copy.deepcopy(BODY), copy.deepcopy(BODY["HostConfig"])
    body.pop("HostConfig")
    body.pop("Volumes")  # each names a mount's target, and would be the reason to refuse other mounts
    levels = {"body": list(body.items()), "host": list(host.items())}
    # Mostly one plain change in the old value's place: several at once would hide behind each other's refusal.
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 4]))):
        key, values = draw(st.sampled_from(DANGEROUS))
        value = draw(st.sampled_from(values) | st.sampled_from(values) | JSON)
        pairs = levels[draw(st.sampled_from(["host", "host", "body"]))]
        spelt = draw(st.sampled_from(SPELLINGS[:1] * 12 + SPELLINGS))(key)
        if draw(st.sampled_from([True, True, True, False])):
            pairs[:] = [pair for pair in pairs if pair[0] != key]
        pairs.insert(draw(st.integers(0, len(pairs))), (spelt, value))

    def written(pairs: list[tuple[str, Any]]) -> str:
        return "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"

    name = draw(st.sampled_from(SPELLINGS[:1] * 24 + SPELLINGS))("HostConfig")
    nested = f"{json.dumps(name)}:{written(levels['host'])}"
    again = draw(st.sampled_from([*[""] * 9, "," + nested]))
    return (written(levels["body"])[:-1] + "," + nested + again + "}").encode()


def grants_nothing(body: dict[str, Any]) -> None:
    """What any engine must see in a lab's body, told without the policy's tables.

    :raises AssertionError: where the body would give a lab more than its own.
    """
    host = body["HostConfig"]
    top_and_host = [*body, *host]
    assert len({key.casefold() for key in host}) == len(host)
    assert all(key.isascii() and key.isalpha() for key in top_and_host)
    for key in (
        "Privileged",
        "CapAdd",
        "Devices",
        "DeviceCgroupRules",
        "PidMode",
        "UTSMode",
        "UsernsMode",
        "CgroupParent",
    ):
        assert not host.get(key)
        assert key not in body
    for key in ("VolumesFrom", "VolumeDriver", "Sysctls", "PortBindings", "Annotations", "Runtime", "StorageOpt"):
        assert not host.get(key)
    assert "MaskedPaths" not in host
    assert "ReadonlyPaths" not in host
    assert host["CapDrop"] == ["ALL"]
    assert all(each.startswith("no-new-privileges") and "false" not in each for each in host["SecurityOpt"])
    assert host["SecurityOpt"]
    assert host["NetworkMode"] in ("homeroom_labs", "none")
    assert (host.get("IpcMode") or "private") in ("private", "none")
    assert (host.get("CgroupnsMode") or "private") == "private"
    assert 0 < host["Memory"] == host["MemorySwap"] <= 8 << 30
    assert 0 < host["PidsLimit"] <= 4096
    assert (host.get("OomScoreAdj") or 0) >= 0
    assert (host.get("GroupAdd") or ["100"]) == ["100"]
    assert host["LogConfig"]["Type"] in ("json-file", "local")
    assert (body.get("WorkingDir") or "/") in ("/", "/home/jovyan")
    assert (host.get("CpuShares") or 2) in range(2, 1025)
    assert (host.get("CpuPeriod") or 10_000) in range(10_000, 1_000_001)
    assert (host.get("CpuQuota") or 1000) in range(1000, 1024 * 1_000_000 + 1)
    assert (body.get("StopTimeout") or 0) in range(601)
    files = [each for each in host["Ulimits"] if each["Name"] == "nofile"]
    assert len(files) == 1
    assert 0 <= files[0]["Soft"] <= files[0]["Hard"] <= 65_536
    for key, value in (body.get("Healthcheck") or {}).items():
        assert key == "Test" or not value or SECOND <= value <= HOUR or (key == "Retries" and value <= 100)
    assert not {"CpuRealtimeRuntime", "CpuRealtimePeriod", "BlkioWeight", "KernelMemory"} & host.keys()
    assert all(GPU in each["DeviceIDs"] for each in host.get("DeviceRequests") or [])
    for bind in host["Binds"]:
        source, target, mode = bind.split(":")
        assert (source, target, mode) == ("homeroom_hub-socket", "/run/hub", "ro") or (
            source.startswith("homeroom-user-") and target == "/home/jovyan"
        )
    for each in host["Mounts"]:
        assert each == {"Type": "bind", "Source": each["Source"], "Target": "/run/lab", "ReadOnly": each["ReadOnly"]}
        assert each["Source"].removeprefix(f"{SOCKETS}/").isalnum()


@examples(2000)
@given(tampered_texts())
def test_no_tampering_grants_the_host(text: bytes) -> None:
    """Whatever is added to a valid body, what goes to the engine grants nothing of the host."""
    verdict = create(text)
    if isinstance(verdict, EngineCall):
        body = sent(verdict)
        grants_nothing(body)
        paths = {each["Source"] for each in body["HostConfig"]["Mounts"]}
        assert paths == ({f"{SOCKETS}/{verdict.directory}"} if verdict.directory else set())
    else:
        assert "secret-token" not in verdict.reason
        assert verdict.reason.isprintable()


@examples(500)
@given(
    st.sampled_from(["GET", "POST", "DELETE", "PUT", "HEAD"]),
    st.text(max_size=60),
    st.text(max_size=60),
    st.binary(max_size=60),
)
def test_no_odd_call_passes_or_breaks(method: str, path: str, query: str, body: bytes) -> None:
    """Random calls get a verdict, never an exception, and none of them reaches a container unlooked at."""
    for odd in (path, f"/{path}", f"/v1.45/containers/{path}", f"/v1.45/containers/homeroom-jupyter-{path}/json"):
        verdict = decide(method, odd, query, body, POLICY)
        if isinstance(verdict, EngineCall):
            assert "{id}" not in verdict.path or verdict.container
            assert ".." not in verdict.path.replace("{id}", "").split("/")
