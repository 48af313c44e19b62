"""An engine of the tests' own with GPUs that are none: CDI specs, and a runtime in the NVIDIA runtime's place.

CDI is a switch of the whole daemon, so a second one is started beside the machine's, with its own socket, storage,
containerd and network namespace: a dockerd changes the bridges and the firewall that it finds, whatever it is told.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors

IMAGE = "homeroom-fake-cuda:local"
READY_SECONDS = 180

RUNTIME = '''#!{python}
"""Does what the NVIDIA runtime does: reads NVIDIA_VISIBLE_DEVICES and hands out nodes; then runs the real one."""
import json, os, sys
arguments = sys.argv[1:]
if "create" in arguments:
    path = os.path.join(arguments[arguments.index("--bundle") + 1], "config.json")
    with open(path) as file:
        spec = json.load(file)
    said = dict(each.partition("=")[::2] for each in spec["process"]["env"]).get("NVIDIA_VISIBLE_DEVICES", "")
    known = {known}
    wanted = known if said == "all" else [each for each in said.split(",") if each in known]
    for each in wanted:
        node = "/dev/nvidia" + str(known.index(each))
        device = dict(path=node, type="c", major=1, minor=3, fileMode=0o666, uid=0, gid=0)
        spec["linux"].setdefault("devices", []).append(device)
        spec["process"]["env"].append("FAKE_GPU=" + each)
    with open(path, "w") as file:
        json.dump(spec, file)
os.execvp("runc", ["runc", *arguments])
'''


@dataclass(frozen=True)
class GpuEngine:
    """A running engine with fake GPUs.

    :param uuids: what the NVIDIA runtime's stand-in knows; `cdi_names` are the same GPUs in a CDI spec.
    """

    socket: Path
    uuids: tuple[str, ...]

    @property
    def cdi_names(self) -> tuple[str, ...]:
        """The GPUs' CDI names."""
        return tuple(f"nvidia.com/gpu={uuid}" for uuid in self.uuids)

    @property
    def url(self) -> str:
        """The engine's address."""
        return f"unix://{self.socket}"

    def client(self) -> docker.DockerClient:
        """A client of it."""
        return docker.DockerClient(base_url=self.url, timeout=120)


def write_spec(directory: Path, uuids: tuple[str, ...]) -> None:
    """A CDI spec of GPUs whose nodes are /dev/null, and whose variable tells which ones a container has."""
    devices = [
        {
            "name": uuid,
            "containerEdits": {
                "env": [f"FAKE_{uuid.replace('-', '_')}=here"],
                "deviceNodes": [{"path": f"/dev/nvidia{index}", "hostPath": "/dev/null"}],
            },
        }
        for index, uuid in enumerate(uuids)
    ]
    directory.mkdir(parents=True, exist_ok=True)
    spec = {"cdiVersion": "0.5.0", "kind": "nvidia.com/gpu", "devices": devices}
    (directory / "fake.json").write_text(json.dumps(spec, indent=2))


@contextmanager
def gpu_engine(gpus: int, *, image: str) -> Iterator[GpuEngine]:
    """A second dockerd with so many GPUs, and an image that asks for all of them as CUDA images do; gone afterwards.

    :param image: of the machine's own engine, to make that image from.
    """
    location = Path(tempfile.mkdtemp(prefix="homeroom-gpus."))  # short: a socket's path holds 107 bytes
    uuids = tuple(f"GPU-{index}{index}{index}{index}" for index in range(gpus))
    write_spec(location / "cdi", uuids)
    runtime = location / "nvidia-container-runtime"
    runtime.write_text(RUNTIME.format(python=sys.executable, known=json.dumps(uuids)))
    runtime.chmod(0o755)
    options = {
        "features": {"cdi": True},
        "runtimes": {"nvidia": {"path": str(runtime)}},
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
    }
    (location / "daemon.json").write_text(json.dumps(options))
    command = [
        "unshare",
        "--net",
        "dockerd",
        f"--config-file={location}/daemon.json",
        f"--data-root={location}/data",
        f"--exec-root={location}/exec",
    ]
    command += [f"--pidfile={location}/pid", f"--host=unix://{location}/sock", f"--cdi-spec-dir={location}/cdi"]
    with (location / "log").open("wb") as log:
        daemon = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    engine = GpuEngine(location / "sock", uuids)
    try:
        _wait(engine, daemon, location / "log")
        _import_image(engine, image)
        yield engine
        for container in engine.client().containers.list(all=True):
            container.remove(force=True, v=True)
    finally:
        daemon.terminate()
        daemon.wait(60)
        _unmount(location)
        shutil.rmtree(location, ignore_errors=True)


def _wait(engine: GpuEngine, daemon: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        assert daemon.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        try:
            engine.client().ping()
        except docker.errors.DockerException:
            time.sleep(0.1)
        else:
            return


def _import_image(engine: GpuEngine, image: str) -> None:
    machine = docker.from_env()
    source = machine.containers.create(image, ["true"])
    try:
        api: Any = engine.client().api
        changes = ["ENV NVIDIA_VISIBLE_DEVICES=all", "ENV NVIDIA_DRIVER_CAPABILITIES=compute,utility"]
        repository, _, tag = IMAGE.partition(":")
        api.import_image_from_data(source.export(), repository=repository, tag=tag, changes=changes)
    finally:
        source.remove()


def _unmount(location: Path) -> None:
    """Whatever the daemon left mounted under its directory, the innermost first."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    mounts = [line.split()[1] for line in lines if line.split()[1].startswith(f"{os.path.realpath(location)}/")]
    for mount in sorted(mounts, reverse=True):
        subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
