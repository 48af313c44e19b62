"""Files of a volume or a directory, as the engine hands them out: as a tar, whoever owns them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress

import docker.errors
from docker.types import Mount

from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.engine.deployment import Deployment


def files(deployment: Deployment, mount: Mount, path: str, *, whose: str) -> Iterator[bytes]:
    """What lies at a path of a container that has this mount and never runs, as a tar; nothing where nothing does.

    :param whose: in words that follow `the files`.
    :raises HomeroomError: the engine does not hand it out.
    """
    client = deployment.client
    try:
        container = client.containers.create(
            f"{deployment.project}-hub:local",
            ["true"],
            name=f"{deployment.project}-export-{secrets.token_hex(4)}",
            mounts=[mount],
            network_mode="none",
            cap_drop=["ALL"],
            labels={DEPLOYMENT_LABEL: deployment.project, SERVICE_LABEL: "export"},
        )
        try:
            with suppress(docker.errors.NotFound):
                chunks, _ = client.api.get_archive(container.id, path)
                yield from chunks
        finally:
            with suppress(docker.errors.APIError):
                container.remove(force=True)
    except docker.errors.APIError as error:
        raise HomeroomError(
            f"the engine does not hand out the files {whose}: {error.explanation}",
            remedy="Run it again; `make check` looks the machine over.",
        ) from None
