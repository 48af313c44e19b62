"""The rehearsal of an update: guard, proxy and hub of the new version, on a copy of the database and on no network.

They have a name of their own, so their guard lets through nothing that is another deployment's: no lab is reached.
"""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker.errors
from docker.models.containers import Container
from docker.types import Mount

from generator.core.console import counted, step
from generator.core.errors import HomeroomError
from generator.core.labels import SERVICE_LABEL
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment
from generator.images.base import image_id
from generator.schema.settings import Settings
from generator.topics.sign_in.ways import NATIVE
from generator.topics.updates import database

OF = "homeroom.rehearsal"
"""The label of its containers and volumes, with its deployment's name."""
STARTED_SECONDS = 180.0
LOOK_SECONDS = 0.3
HUB_USER, HUB_GROUP = 990, 100
DATA = "/srv/data"
KEPT_LINES = 12
COMPUTES = """
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3", startup_timeout=120)
said = []
client.execute_interactive("print(6 * 7)", timeout=120, output_hook=lambda m: said.append(m["content"].get("text", "")))
manager.shutdown_kernel(now=True)
sys.exit(0 if "".join(said).strip() == "42" else "the kernel did not compute")
"""
"""Run by the lab's server's own Python, as its kernels are started there."""


def run(deployment: Deployment, copied: Path) -> None:
    """See that the new version starts on a copy of the database and keeps everybody's account, and that a kernel of its
    lab image computes. Whatever happens, nothing of it is left.

    :param deployment: the new version's, under the rehearsal's name, with its images and rendered files.
    :raises HomeroomError: it does not.
    """
    remove(deployment.client, deployment.project)
    try:
        with step("Rehearsing: the new hub on a copy of the database") as shown:
            hub = start(deployment, shown.say, copied=copied)
            shown.say("comparing the accounts")
            people = _compare(hub, copied)
            if NATIVE in deployment.settings.ways:
                shown.say("signing a test person in")
                sign_in(hub, deployment.settings)
            shown.say(f"its API answers, and has {counted(people, 'account')} as before")
        if image_id(deployment.client, f"{deployment.project}-lab:local"):
            with step("Rehearsing: a kernel of the new lab image"):
                _compute(deployment)
    finally:
        remove(deployment.client, deployment.project)


def start(
    deployment: Deployment, say: Callable[[str], None], *, copied: Path | None = None, desk: bool = False
) -> Container:
    """Start guard, proxy and hub, each once the one before is well; returns the hub.

    :param copied: the database that the hub is given; None: what is in its volume.
    :param desk: the hand-in desk, too.
    :raises HomeroomError: one of them is not well.
    """
    config = json.loads(deployment.compose("config", "--format", "json"))
    base_url = deployment.settings.BASE_URL
    checks = {
        "guard": ["python", "-m", "homeroom.guard.service", "--check"],
        "proxy": ["node", "/opt/proxy/health.mjs"],
        **({"desk": ["python", "-m", "homeroom.courses.desk.service", "--check"]} if desk else {}),
        "hub": ["python", "-m", "homeroom.hub.health", base_url],
    }
    made: Any = None
    for name, check in checks.items():
        say(f"starting the {name}")
        made = deployment.client.containers.create(**options(deployment.project, name, config["services"][name]))
        if name == "hub" and copied is not None:
            made.put_archive(DATA, _archive(copied))
        made.start()
        _wait(made, name, check)
    container: Container = made
    return container


def options(project: str, name: str, service: Mapping[str, Any]) -> dict[str, Any]:
    """How a service of docker-compose.yml is made a container of the rehearsal: the same but for networks and ports."""
    mounts = [
        Mount(
            target=one["target"],
            source=f"{project}_{one['source']}" if one["type"] == "volume" else one["source"],
            type=one["type"],
            read_only=one.get("read_only", False),
            labels={OF: project} if one["type"] == "volume" else None,
        )
        for one in service.get("volumes", [])
    ]
    tmpfs = service.get("tmpfs", [])
    made: dict[str, Any] = {
        "image": service["image"],
        "command": service.get("command"),
        "name": f"{project}-{name}-rehearsal",
        "environment": service.get("environment", {}),
        "mounts": mounts,
        "tmpfs": dict.fromkeys([tmpfs] if isinstance(tmpfs, str) else tmpfs, ""),
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "read_only": True,
        "network_mode": "none",
        "mem_limit": int(service["mem_limit"]),
        "pids_limit": 512,
        "labels": {OF: project, SERVICE_LABEL: "rehearsal"},
    }
    return made | ({"user": service["user"]} if service.get("user") else {})


def _archive(copied: Path) -> bytes:
    """The database as the hub's own file."""
    content = copied.read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("jupyterhub.sqlite")
        entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o600, HUB_USER, HUB_GROUP
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _wait(container: Container, name: str, check: Sequence[str], seconds: float = STARTED_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while True:
        container.reload()
        if container.status != "running":
            raise _fault(container, f"the new {name} ended on a copy of the database")
        with suppress(docker.errors.APIError):  # it ended just now
            if container.exec_run(list(check)).exit_code == 0:
                return
        if time.monotonic() > deadline:
            raise _fault(container, f"the new {name} was not well within {seconds:.0f} seconds")
        time.sleep(LOOK_SECONDS)


def _fault(container: Container, cause: str) -> HomeroomError:
    said = tail(container.logs(tail=KEPT_LINES * 4).decode(errors="replace"), KEPT_LINES)
    return HomeroomError(f"{cause}:{indented(said)}", remedy="Nothing of what runs was changed.")


def _compare(hub: Container, copied: Path) -> int:
    """See that the accounts are those of before; returns how many people there are.

    :raises HomeroomError: somebody's is missing or another.
    """
    done: Any = hub.exec_run(["python", "-m", "homeroom.hub.database", "--copy"], demux=True)
    if done.exit_code:
        raise _fault(hub, "the new hub's database cannot be read")
    after = copied.with_name(f"{copied.name}.after")
    try:
        after.touch(mode=0o600)
        after.write_bytes(done.output[0])
        lost = database.missing(copied, after)
        if lost:
            whose = f"{counted(len(lost), 'account')} would be missing or another: {', '.join(lost[:5])}"
            raise HomeroomError(
                f"with the new version {whose}",
                remedy="Nothing of what runs was changed. Please report it.",
            )
        return len(database.names(after))
    finally:
        after.unlink(missing_ok=True)


def sign_in(hub: Container, settings: Settings) -> str:
    """See that somebody with an account can sign in, as a browser does; returns the name that the account was given.

    :raises HomeroomError: they cannot.
    """
    host = urlsplit(settings.public_url).netloc or "hub"
    done: Any = hub.exec_run(["python", "-m", "homeroom.sign_in.test_person", settings.BASE_URL, host])
    if done.exit_code:
        said = tail(done.output.decode(errors="replace"))
        raise HomeroomError(
            f"a test person could not sign in to the new hub:{indented(said)}",
            remedy="Nothing of what runs was changed.",
        )
    name: str = done.output.decode().strip()
    return name


def _compute(deployment: Deployment) -> None:
    try:
        deployment.client.containers.run(
            f"{deployment.project}-lab:local",
            ["/opt/jupyter/bin/python", "-c", COMPUTES],
            name=f"{deployment.project}-lab-rehearsal",
            entrypoint=[],
            network_mode="none",
            cap_drop=["ALL"],
            mem_limit=deployment.settings.LAB_MEMORY,
            labels={OF: deployment.project, SERVICE_LABEL: "rehearsal"},
        )
    except docker.errors.ContainerError as error:
        raw: Any = error.stderr or b""
        said = tail(raw.decode(errors="replace"), KEPT_LINES)
        raise HomeroomError(
            f"a kernel of the new lab image does not compute:{indented(said)}",
            remedy="Nothing of what runs was changed.",
        ) from None


def remove(client: Any, project: str) -> None:
    """Remove all of a rehearsal."""
    chosen = {"label": f"{OF}={project}"}
    for container in client.containers.list(all=True, filters=chosen):
        with suppress(docker.errors.NotFound):
            container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=chosen):
        with suppress(docker.errors.NotFound):
            volume.remove(force=True)
