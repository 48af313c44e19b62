"""The images that a deployment has built, and looking into them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker.errors

from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.engine.deployment import Deployment
from generator.images import packages
from generator.images.spec import NAME_LABEL

SERVICE = "packages"


@dataclass(frozen=True)
class Image:
    """One of them.

    :param name: what people call it: hub, proxy, lab, or a folder of site/images/.
    :param packages_of: of which moment its packages are; empty where that is not known.
    """

    name: str
    tag: str
    image_id: str
    packages_of: str


def built(deployment: Deployment) -> list[Image]:
    """The images that this deployment has built; not those that were pulled."""
    found: dict[str, Image] = {}
    for image in deployment.client.images.list(filters={"label": NAME_LABEL}):
        labels: Mapping[str, str] = image.labels
        name = labels[NAME_LABEL]
        tag = f"{deployment.project}-{name}:local"
        if tag in {each.removeprefix("localhost/") for each in image.tags}:  # before it: Podman's
            found[name] = Image(name, tag, str(image.id), packages.of(labels))
    return [found[name] for name in sorted(found)]


def remove_leftovers(deployment: Deployment) -> None:
    """Remove containers that looked into images for a command that was killed; one that still looks is left alone."""
    labels = [f"{SERVICE_LABEL}={SERVICE}", f"{DEPLOYMENT_LABEL}={deployment.project}"]
    for left in deployment.client.containers.list(all=True, filters={"label": labels, "status": ["created", "exited"]}):
        with suppress(docker.errors.APIError):
            left.remove()


def container(deployment: Deployment, image: Image, script: str, **options: Any) -> Any:
    """A container in which a shell's script looks into an image: without capabilities, on no network unless told."""
    return deployment.client.containers.create(
        image.image_id,
        ["-c", script],
        entrypoint=["sh"],
        user="0:0",
        working_dir="/",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        healthcheck={"test": ["NONE"]},
        labels={SERVICE_LABEL: SERVICE, DEPLOYMENT_LABEL: deployment.project},
        **{"network_mode": "none", **options},
    )
