"""A module of the hub's image, run for one verb: in a container on no network, that may change nothing but what it is
given, and is gone at its end."""

from __future__ import annotations

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


def said(error: docker.errors.ContainerError) -> str:
    """What a container that failed wrote to standard error."""
    written: Any = error.stderr or b""
    return str(written.decode(errors="replace"))
