"""A deployment for tests: a copy of the tree with a name, port and network of its own, driven by its Make targets."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker

from generator.core.host_network import read_pip_settings
from generator.preflight.sources import read_sources
from generator.topics.network import firewall
from tests import kept_images

ROOT = Path(__file__).resolve().parent.parent
ENGINE_SOCKET = Path("/var/run/docker.sock")
MAKE_TIMEOUT_SECONDS = 900


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def host_of_packages() -> str:
    """The name of a server that this machine is set up to fetch packages from: pip's index, or apt's mirror."""
    sources = read_sources(os.environ)
    names = [name for url in (sources.index, sources.mirror) if (name := urlsplit(url or "").hostname)]
    assert names, "this machine's own configuration names neither an index of pip nor a mirror of apt"
    return names[0]


@functools.cache
def openings_for_pip() -> str:
    """What LAB_OPEN_NETWORKS must hold on this machine, so that labs reach the package index and proxy that it is set
    up with: nothing, unless they have private addresses."""
    sources = read_sources(os.environ)
    extra = read_pip_settings(os.environ, Path("/"), Path.home()).get("extra-index-url", "").split()
    hosts = {urlsplit(url).hostname for url in (sources.index, *sources.proxies.values(), *extra) if url}
    found: set[str] = set()
    for host in sorted(filter(None, hosts)):
        with contextlib.suppress(OSError):
            found |= {str(row[4][0]) for row in socket.getaddrinfo(host, None, socket.AF_INET)}
    closed = [ipaddress.IPv4Network(one) for one in firewall.CLOSED]
    return ",".join(sorted(one for one in found if any(ipaddress.IPv4Address(one) in network for network in closed)))


def tracked_files() -> list[str]:
    """What a clone of the repository would hold, with what is not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@dataclass
class HubDeployment:
    """One deployment under test, in a directory of its own.

    :param project: its COMPOSE_PROJECT_NAME; everything of it on the engine carries it.
    :param settings: further lines for its `.env`, given to the first `make up` by the shell as an operator would.
    """

    directory: Path
    project: str
    settings: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    password: str = ""

    def __post_init__(self) -> None:
        self._lay_out()
        # The packages are the same; making the environment is tested once, by the fresh machine.
        with contextlib.suppress(FileExistsError):
            (self.directory / ".venv").symlink_to(ROOT / ".venv")

    def _lay_out(self) -> None:
        """Copy this tree into its directory."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for name in tracked_files():
            target = self.directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)

    @property
    def base_url(self) -> str:
        """The path under which it lives."""
        return self.settings.get("BASE_URL", "/")

    @property
    def url(self) -> str:
        """The address of its front page, with a slash at the end."""
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    @property
    def environment(self) -> dict[str, str]:
        """The shell of an operator who gives the first `make up` its settings."""
        given = {"COMPOSE_PROJECT_NAME": self.project, "HUB_IP": "127.0.0.1", "HUB_PORT": str(self.port)}
        opened = {"LAB_OPEN_NETWORKS": opened} if (opened := openings_for_pip()) else {}
        return {**os.environ, "INSTALL_ENGINE": "never", **given, **opened, **self.settings}

    def make(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Type `make ARGUMENTS` in its directory; with `check` a failure is a failed test that shows the output."""
        done = subprocess.run(
            ["make", *arguments],
            cwd=self.directory,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MAKE_TIMEOUT_SECONDS,
        )
        if check and done.returncode:
            raise AssertionError(f"make {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
        return done

    def verb(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb as its Make target does, and keep its own exit code (make turns every failure into 2)."""
        return subprocess.run(
            [".venv/bin/python", "-m", "generator", *arguments],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=MAKE_TIMEOUT_SECONDS,
        )

    def up(self) -> str:
        """`make up`; remembers the administrator's password when it is shown. Returns the output."""
        output = self.make("up").stdout
        shown = re.search(r"Password:\s+(\S+)", output)
        if shown:
            self.password = shown[1]
        return output

    def first_up(self) -> str:
        """`make up`, with the images that other deployments of this run had built. Returns the output."""
        kept_images.lend(self.project, self.settings)
        output = self.up()
        kept_images.keep(engine().images, self.project, self.settings)
        return output

    def new_password(self, name: str) -> str:
        """Make an account; returns its password."""
        shown = re.search(r"password: (\S+)", self.make("account", f"NAME={name}").stdout)
        assert shown
        return shown[1]

    def compose(self, *arguments: str) -> str:
        """Type `docker compose ARGUMENTS` in its directory."""
        plain = {key: value for key, value in os.environ.items() if not key.startswith("COMPOSE_")}
        done = subprocess.run(
            ["docker", "compose", *arguments],
            cwd=self.directory,
            env=plain,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def container(self, service: str) -> Any:
        """The container of a service."""
        labels = [f"com.docker.compose.project={self.project}", f"com.docker.compose.service={service}"]
        (found,) = engine().containers.list(all=True, ignore_removed=True, filters={"label": labels})
        return found

    def lab(self, user: str) -> Any:
        """The container of a person's lab; an IndexError when there is none."""
        return self.labs(user)[0]

    def labs(self, user: str) -> list[Any]:
        """The containers of a person's labs."""
        labels = [f"homeroom.deployment={self.project}", f"homeroom.user={user}"]
        found: list[Any] = engine().containers.list(all=True, ignore_removed=True, filters={"label": labels})
        return found

    def firewall_rules(self) -> str:
        """The rules of its firewall that are in force on this machine; empty where there are none."""
        table = f"table ip homeroom_{self.project}"
        there = table in self._on_host("nft", "list", "tables").splitlines()
        return self._on_host("nft", "list", *table.split()) if there else ""

    def _on_host(self, *command: str) -> str:
        """Run a command in its hub's image as its firewall runs: on this machine's network, with NET_ADMIN alone."""
        output: bytes = engine().containers.run(
            f"{self.project}-hub:local",
            list(command),
            user="0:0",
            network_mode="host",
            cap_drop=["ALL"],
            cap_add=["NET_ADMIN"],
            remove=True,
        )
        return output.decode()

    def labs_by_person(self) -> dict[str, Any]:
        """Every lab's container by its person, as the engine's listing has it."""
        labels = [f"homeroom.deployment={self.project}", "homeroom.user"]
        found = engine().api.containers(all=True, filters={"label": labels})
        return {each["Labels"]["homeroom.user"]: each for each in found}

    def wait_for_labs(self, names: set[str], seconds: float = 120) -> None:
        """Wait until exactly these people have labs."""
        deadline = time.monotonic() + seconds
        while (present := self.labs_by_person()).keys() != names:
            assert time.monotonic() < deadline, f"{sorted(present)} have labs, not {sorted(names)}"
            time.sleep(0.1)

    def remove(self) -> None:
        """Remove all traces of it from the engine, homes included: it is a test's."""
        client = engine()
        labels = (f"com.docker.compose.project={self.project}", f"homeroom.deployment={self.project}")
        for label in labels:
            for container in client.containers.list(all=True, ignore_removed=True, filters={"label": label}):
                container.remove(force=True, v=True)
        if client.images.list(name=f"{self.project}-hub:local"):  # else it was never brought up
            self._on_host("homeroom-firewall", "remove", self.project)
        for label in labels:
            for volume in client.volumes.list(filters={"label": label}):
                volume.remove(force=True)
            for network in client.networks.list(filters={"label": label}):
                network.remove()
        for image in ("hub", "proxy", "lab", "edge", "copies"):
            with contextlib.suppress(docker.errors.ImageNotFound):
                client.images.remove(f"{self.project}-{image}:local", force=True)
        for name in [name for image in client.images.list() for name in image.tags]:
            if name.startswith(f"{self.project}-") and re.search(r"-next-|:kept-", name):
                client.images.remove(name, force=True)


@contextlib.contextmanager
def running_deployment(directory: Path, name: str) -> Iterator[HubDeployment]:
    """A running deployment with the defaults of `.env`. Removed afterwards."""
    made = HubDeployment(directory, f"{name}{os.getpid()}")
    try:
        made.first_up()
        yield made
    finally:
        made.remove()


@contextlib.contextmanager
def deployment_with_site(
    directory: Path, name: str, site: Mapping[str, str], **settings: str
) -> Iterator[HubDeployment]:
    """A running deployment with these files in `site/`, by their names there; sign-in by name alone. Removed
    afterwards."""
    made = HubDeployment(directory, f"{name}{os.getpid()}", {"AUTH": "dummy", **settings})
    made.make("init")
    for file, text in site.items():
        (made.directory / "site" / file).write_text(text)
    try:
        made.first_up()
        yield made
    finally:
        made.remove()


def named_on_engine(name: str) -> list[str]:
    """Containers, volumes and images whose names begin so."""
    api = engine().api
    containers = [row["Names"][0] for row in api.containers(all=True) if row["Names"]]
    volumes = [row["Name"] for row in api.volumes()["Volumes"]]
    images = [tag for row in api.images() for tag in row["RepoTags"] or []]
    return [one for one in (*containers, *volumes, *images) if one.lstrip("/").startswith(name)]


def engine() -> docker.DockerClient:
    """The engine's client."""
    return docker.DockerClient(base_url=f"unix://{ENGINE_SOCKET}")
