"""What the directory's servers say to the hub: asked from a container of the hub's image, on the hub's network, where
names lead to where they lead for the hub."""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import Any

import docker.errors

from generator.core.finding import Finding, error, ok, warning
from generator.core.labels import SERVICE_LABEL
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.images.base import image_id
from generator.topics.ldap import ldap, render
from generator.topics.ldap.ldap import LOCATION

SUBJECT = "ldap"
NETWORK = "front"
"""The hub's way out; it is there when the deployment was up once."""


def ask(deployment: Deployment) -> list[Finding]:
    """What is found at each server; nothing where AUTH names no directory."""
    found = ldap.load(deployment.settings, SITE)
    if found is None:
        return []
    image = f"{deployment.project}-hub:local"
    if not image_id(deployment.client, image):
        return [ok(SUBJECT, "the directory is asked when the hub's image is built: `make up` does that")]
    given = {"way": render.given(render.way_traits(found)), "directory": render.given(render.directory_traits(found))}
    try:
        said = _said(deployment, image, json.dumps(given))
    except docker.errors.DockerException as failed:
        cause = f"the hub's image could not ask the directory: {' '.join(str(failed).split())[-300:]}"
        return [warning(SUBJECT, cause, location=LOCATION, remedy="`make build` makes the image anew.")]
    return [finding(json.loads(line)) for line in said.splitlines() if line.startswith("{")]


def _said(deployment: Deployment, image: str, given: str) -> str:
    """The answer of `homeroom.ldap.probe`."""
    client = deployment.client
    name = f"{deployment.project}-ldap-{secrets.token_hex(4)}"
    networks = {network.name for network in client.networks.list(names=[f"{deployment.project}_{NETWORK}"])}
    own = f"{deployment.project}_{NETWORK}"
    try:
        output: bytes = client.containers.run(
            image,
            ["python", "-m", "homeroom.ldap.probe", given],
            environment={"LDAP_BIND_PASSWORD": deployment.settings.LDAP_BIND_PASSWORD},
            volumes={str(SITE): {"bind": render.SITE_IN_HUB, "mode": "ro"}},
            network=own if own in networks else "bridge",
            cap_drop=["ALL"],
            read_only=True,
            labels={SERVICE_LABEL: "check"},
            name=name,
        )
        return output.decode(errors="replace")
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            client.containers.get(name).remove(force=True)


def finding(told: dict[str, Any]) -> Finding:
    """A line of the probe's as a finding."""
    level, cause, remedy = told["level"], told["cause"], told["remedy"]
    if level == "ok":
        return ok(SUBJECT, cause)
    make = error if level == "error" else warning
    return make(SUBJECT, cause, location=LOCATION, remedy=remedy)
