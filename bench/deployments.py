"""The two deployments that are compared, and what a measurement needs of either."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import docker.errors
import requests

from tests.hub_deployment import ENGINE_SOCKET, ROOT, HubDeployment, engine, free_port

BENCH = ROOT / "bench"
PATIENCE_SECONDS = 300
AUTHORITY = "bench-authority.pem"
STRAIGHT_TO_SOCKET = """
from homeroom.contract import sockets
import socket
class Straight(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(sockets.LABS / sockets.directory_name(%(user)r, "") / "lab.sock"))
straight = Straight("lab")
proxied = http.client.HTTPConnection("proxy", 8000)
"""
STRAIGHT_TO_PORT = """
straight = http.client.HTTPConnection(%(address)r, 8888)
proxied = http.client.HTTPConnection("127.0.0.1", 8000)
"""


class Deployment(Protocol):
    """A JupyterHub that people sign in to with any password."""

    name: str

    @property
    def authority(self) -> str:
        """The file with what its certificate must come from; empty where it has none."""

    @property
    def url(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    def services(self) -> list[Any]:
        """The containers that serve all users, the hub first."""

    def lab(self, user: str) -> Any:
        """The container of a person's lab."""

    def connections(self, user: str) -> str:
        """Python for the hub's container that makes `straight` and `proxied`, two ways to a person's lab."""

    def restart_hub(self) -> None:
        """Restart the hub, as an operator would; returns when it answers."""


@dataclass
class Homeroom:
    """Homeroom as it is in this tree, made by `make up`.

    What is set otherwise than shipped: any password, this machine only, no queue, since the stock
    deployment has none, and a lab that is slow to come is waited for.
    """

    deployment: HubDeployment
    name: str = "Homeroom"
    https_port: int = 0
    """Of the edge, while people come through it."""

    @classmethod
    def of(cls, directory: Path, project: str) -> Homeroom:
        """One that is not up yet; with the further images that are compared in its `site/images/`."""
        settings = {
            "AUTH": "dummy",
            "TOTAL_LAB_CPUS": "10000",
            "TOTAL_LAB_MEMORY": "10000G",
            "LAB_START_TIMEOUT_SECONDS": "600",
        }
        made = cls(HubDeployment(directory, project, settings))
        made.deployment.make("init")
        _put_images(directory / "site/images")
        # The hub's own clock of its event loop ticks every 50 ms; finer, so that delays below that are seen.
        resolution = "c.PeriodicMetricsCollector.event_loop_interval_resolution = 0.01\n"
        (directory / "site/hub.d/bench.py").write_text(resolution)
        return made

    @property
    def url(self) -> str:
        """The address of its front page."""
        return f"https://localhost:{self.https_port}{self.base_url}" if self.https_port else self.deployment.url

    @property
    def authority(self) -> str:
        """What it signs its own certificate with, while people come through the edge."""
        return str(self.deployment.directory / AUTHORITY) if self.https_port else ""

    @property
    def base_url(self) -> str:
        """The path under which it lives."""
        return self.deployment.base_url

    def up(self) -> None:
        """Bring it up; every image is there afterwards."""
        self.deployment.up()

    def use_stub_labs(self) -> None:
        """From now on labs are stubs."""
        with (self.deployment.directory / ".env").open("a") as env:
            env.write("DOCKER_NOTEBOOK_IMAGE=stub\n")
        self.deployment.up()

    @contextlib.contextmanager
    def through_edge(self) -> Iterator[None]:
        """People come over HTTPS, with a certificate of the edge's own. Afterwards `.env` is as it was, and it counts
        from the next `make up` on."""
        env = self.deployment.directory / ".env"
        before, self.https_port = env.read_text(), free_port()
        ports = f"HTTPS_PORT={self.https_port}\nHTTP_PORT={free_port()}\n"
        env.write_text(f"{before}TLS=internal\nHUB_HOST=localhost\n{ports}")
        try:
            output = self.deployment.up()
            found = re.search(r"-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n", output, re.DOTALL)
            if found is None:
                raise RuntimeError(f"make up shows no certificate:\n{output}")
            Path(self.authority).write_text(found[0])
            yield
        finally:
            env.write_text(before)
            self.https_port = 0

    def services(self) -> list[Any]:
        """Hub, proxy and guard."""
        return [self.deployment.container(service) for service in ("hub", "proxy", "guard")]

    def lab(self, user: str) -> Any:
        """The container of a person's lab."""
        return self.deployment.lab(user)

    def connections(self, user: str) -> str:
        """Python for the hub's container that makes `straight` and `proxied`."""
        return STRAIGHT_TO_SOCKET % {"user": user}

    def restart_hub(self) -> None:
        """`make restart`."""
        self.deployment.make("restart")

    def remove(self) -> None:
        """Leave nothing of it, nor of the images beside it."""
        self.deployment.remove()
        for folder in ("stub", *STOCK_IMAGES):
            with contextlib.suppress(docker.errors.ImageNotFound):
                engine().images.remove(f"{self.deployment.project}-{folder}:local", force=True)


@dataclass
class Stock:
    """The stock deployment: one container with hub and proxy, which holds the engine's socket."""

    project: str
    port: int = field(default_factory=free_port)
    name: str = "stock"
    base_url: str = "/"
    authority: str = ""

    @property
    def url(self) -> str:
        """The address of its front page."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def _called(self) -> str:
        return f"{self.project}-stock"

    def up(self) -> None:
        """Start it; its images are there already."""
        client = engine()
        client.networks.create(self._called, driver="bridge", labels={"homeroom.bench": self.project})
        client.containers.run(
            f"{self.project}-stock-hub:local",
            name=self._called,
            detach=True,
            network=self._called,
            ports={"8000/tcp": ("127.0.0.1", self.port)},
            volumes={str(ENGINE_SOCKET): {"bind": "/var/run/docker.sock", "mode": "rw"}},
            environment={
                "LAB_IMAGE": f"{self.project}-stock-lab:local",
                "LAB_NETWORK": self._called,
                "LAB_PREFIX": self._called,
                "HUB_NAME": self._called,
            },
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}hub/health", timeout=5).ok:
                    return
            if time.monotonic() > deadline:
                log = engine().containers.get(self._called).logs(tail=20).decode(errors="replace")
                raise TimeoutError(f"the stock deployment does not answer:\n{log}")
            time.sleep(0.1)

    def services(self) -> list[Any]:
        """The one container."""
        return [engine().containers.get(self._called)]

    def lab(self, user: str) -> Any:
        """The container of a person's lab."""
        return engine().containers.get(f"{self._called}-{user}")

    def connections(self, user: str) -> str:
        """Python for the hub's container that makes `straight` and `proxied`."""
        address = self.lab(user).attrs["NetworkSettings"]["Networks"][self._called]["IPAddress"]
        return STRAIGHT_TO_PORT % {"address": address}

    def restart_hub(self) -> None:
        """Restart its container."""
        self.services()[0].restart()
        self._wait()

    def remove(self) -> None:
        """Leave nothing of it but its images, which are Homeroom's to remove."""
        client = engine()
        for container in client.containers.list(all=True, filters={"name": f"^/?{self._called}"}):
            with contextlib.suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)
        for volume in client.volumes.list(filters={"name": f"{self._called}-user-"}):
            volume.remove(force=True)
        for network in client.networks.list(filters={"label": f"homeroom.bench={self.project}"}):
            network.remove()


STOCK_IMAGES = ("stock-hub", "stock-lab")
LOCKS = {"hub": ("hub/requirements",), "lab": ("lab/requirements", "lab/kernel", "lab/features/science/kernel")}


def _put_images(target: Path) -> None:
    """Lay out the folders from which `make up` builds the images beside Homeroom's own."""
    shutil.copytree(BENCH / "stub", target / "stub")
    for name in ("hub", "lab"):
        folder = target / f"stock-{name}"
        folder.mkdir(parents=True)
        shutil.copy(BENCH / f"stock/{name}.dockerfile", folder / "Dockerfile")
        locks = "".join((ROOT / f"jupyter{lock}.txt").read_text(encoding="utf-8") for lock in LOCKS[name])
        (folder / "constraints.txt").write_text("".join(f"{pin}\n" for pin in _pins(locks)))
    hub = target / "stock-hub"
    shutil.copy(BENCH / "stock/jupyterhub_config.py", hub)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "proxy" / name, hub)
    assert json.loads((hub / "package.json").read_text())["dependencies"]


def _pins(lock: str) -> list[str]:
    """The versions of a lock: both deployments run the same."""
    return re.findall(r"^([A-Za-z0-9._-]+==[^\s;\\]+)", lock, re.MULTILINE)
