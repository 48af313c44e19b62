"""The records of people, from the host: a container of the hub's image that lives for one verb.

They lie in a volume that the guard alone can write, the hub can read, and no lab has. What the host notes is noted also
where no service runs.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import docker.errors

from generator.core import operator
from generator.core.errors import HomeroomError
from generator.engine import verb_container
from generator.engine.deployment import Deployment

VOLUME = "records"
MOUNTED = "/srv/records"


def ensure_volume(deployment: Deployment) -> str:
    """The volume's name; it is made where it is not there, as Compose makes it."""
    name = f"{deployment.project}_{VOLUME}"
    try:
        deployment.client.volumes.get(name)
    except docker.errors.NotFound:
        compose = {"com.docker.compose.project": deployment.project, "com.docker.compose.volume": VOLUME}
        deployment.client.volumes.create(name, labels=compose)
    return name


def ask(deployment: Deployment, *arguments: str) -> str:
    """Run one verb of `homeroom.guard.records` and return what it said.

    :raises HomeroomError: it failed, or the hub's image is not there.
    """
    try:
        output = verb_container.run(
            deployment.client,
            deployment.project,
            "homeroom.guard.records",
            *arguments,
            service="records",
            user="0:100",
            volumes={ensure_volume(deployment): {"bind": MOUNTED, "mode": "rw"}},
        )
    except docker.errors.ContainerError as error:
        raise HomeroomError(
            f"the records of people cannot be used: {verb_container.said(error).strip() or error.exit_status}",
            location=f"the volume {deployment.project}_{VOLUME}",
            remedy="Make room if the disk is full; `make check` looks the machine over.",
        ) from None
    return output.decode(errors="replace")


def note(deployment: Deployment, what: str, whom: str = "", *, why: str = "") -> None:
    """Note what the operator does.

    :raises HomeroomError: it cannot be noted.
    """
    event = {"id": secrets.token_hex(8), "who": operator.name(), "what": what, "whom": whom, "why": why}
    ask(deployment, "take", json.dumps({**event, "result": "done"}))


def tombstones(deployment: Deployment) -> dict[str, dict[str, str]]:
    """Who was removed, as `homeroom.contract.records.Tombstone` has it."""
    found: dict[str, dict[str, str]] = json.loads(ask(deployment, "removed"))
    return found


def head(deployment: Deployment) -> Mapping[str, Any]:
    """The last line of the log: number and digest."""
    found: Mapping[str, Any] = json.loads(ask(deployment, "head"))
    return found


def log(deployment: Deployment) -> Sequence[str]:
    """The whole log, a line an event."""
    return ask(deployment, "log").splitlines()
