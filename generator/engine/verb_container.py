"""A module of the hub's image, run for one verb: in a container on no network, that may change nothing but what it is
given, and is gone at its end. That of a command that was killed is left, and ends later than the command."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import docker.errors

from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL


def run(client: Any, project: str, module: str, *arguments: str, service: str, **options: Any) -> bytes:
    """Run it to its end; what it said.

    :param service: what its container is marked as.
    :param options: of the container: at least its user, and what it is given.
    :raises HomeroomError: the hub's image is not there.
    :raises docker.errors.ContainerError: it failed, and says why on standard error.
    """
    try:
        output: bytes = client.containers.run(
            f"{project}-hub:local",
            ["python", "-m", module, *arguments],
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            remove=True,
            stdout=True,
            stderr=False,
            labels={DEPLOYMENT_LABEL: project, SERVICE_LABEL: service},
            **options,
        )
    except docker.errors.ImageNotFound:
        raise HomeroomError("the images are not built yet", remedy="`make build` builds them.") from None
    return output


def end_left(client: Any, project: str, service: str) -> None:
    """End and remove what commands that were killed have left. The caller knows that no such command goes on."""
    labels = [f"{DEPLOYMENT_LABEL}={project}", f"{SERVICE_LABEL}={service}"]
    for container in client.containers.list(all=True, ignore_removed=True, filters={"label": labels}):
        with suppress(docker.errors.APIError):
            container.remove(force=True)


def let_go(client: Any, project: str, volume: str) -> None:
    """Remove what commands that were killed have left and that has ended, where it would keep a volume from removal."""
    labels = [f"{DEPLOYMENT_LABEL}={project}", SERVICE_LABEL]
    filters = {"label": labels, "volume": volume, "status": ["created", "exited", "dead"]}
    for container in client.containers.list(all=True, ignore_removed=True, filters=filters):
        with suppress(docker.errors.APIError):
            container.remove(force=True)


def said(error: docker.errors.ContainerError) -> str:
    """What a container that failed wrote to standard error."""
    written: Any = error.stderr or b""
    return str(written.decode(errors="replace"))
