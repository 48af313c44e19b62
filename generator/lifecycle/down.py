"""`make down` and `make clean`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import docker.errors

from generator.core.console import counted, note, step, warn
from generator.core.labels import DEPLOYMENT_LABEL, SERVICE_LABEL
from generator.core.paths import RENDERED
from generator.engine.deployment import Deployment, open_deployment
from generator.engine.resources import KERNELS_VOLUME
from generator.lifecycle import bundle_rest, timers
from generator.lifecycle.own import require_own
from generator.lifecycle.services import remove_unwanted
from generator.topics.drill import drill
from generator.topics.packages import images as packages
from generator.topics.updates import images, record

LAB_STOP_SECONDS = 10
ERRANDS = ("handout", "homes", "run", "seal", "take-back")
"""Containers that the guard makes for one errand, by the label of their service."""
SOCKETS = ("-socket", "-sockets")
"""How the volumes of docker-compose.yml are called that hold nothing but sockets."""
BESIDE = (KERNELS_VOLUME, "copies")
"""Volumes that Compose does not make, and that can be made again."""


def stop_labs(deployment: Deployment) -> int:
    """Stop and remove every lab of the deployment; homes stay. Returns how many were running."""
    labs = deployment.labs()
    running = sum(lab.status == "running" for lab in labs)
    for lab in labs:
        try:
            lab.stop(timeout=LAB_STOP_SECONDS)
            lab.remove(v=True, force=True)
        except docker.errors.NotFound:
            continue
    return running


def remove_errands(deployment: Deployment) -> None:
    """Remove the containers of the guard that it did not remove itself when it was ended."""
    filters = {"label": f"{DEPLOYMENT_LABEL}={deployment.project}"}
    for one in deployment.client.containers.list(all=True, ignore_removed=True, filters=filters):
        if one.labels.get(SERVICE_LABEL) in ERRANDS:
            try:
                one.remove(v=True, force=True)
            except docker.errors.NotFound:
                continue


def down() -> None:
    """Stop labs and services and remove their containers and networks; homes and accounts stay.

    :raises HomeroomError: they belong to another directory.
    """
    deployment = open_deployment()
    require_own(deployment, "down")
    timers.take_away(deployment.settings)  # or they would speak of a deployment that is not there
    with step("Stopping labs and services") as shown:
        deployment.compose("stop", "hub", check=False)  # first, so that no lab is started meanwhile
        labs = stop_labs(deployment)
        if deployment.service("firewall"):
            deployment.compose("stop", "firewall")  # or it would put its rules in force again
            deployment.compose("run", "--rm", "firewall", "homeroom-firewall", "remove", deployment.project)
        remove_unwanted(deployment)  # what .env asks for no more is still there before the next `make up`
        deployment.compose("down", "--remove-orphans")
        remove_errands(deployment)
        shown.say(f"{counted(labs, 'lab')} stopped; homes and accounts stay")


def made_again(deployment: Deployment) -> Iterator[Any]:
    """The volumes of a deployment that hold nothing that is not made again."""
    start = f"{deployment.project}_"
    for volume in deployment.client.volumes.list():
        name = str(volume.name).removeprefix(start)
        if str(volume.name).startswith(start) and (name.endswith(SOCKETS) or name in BESIDE):
            yield volume


def clean() -> None:
    """Remove what `make up` can make again: containers, networks, images, generated files. Never homes, accounts,
    `.env` or `site/`."""
    deployment = open_deployment()
    require_own(deployment, "clean")
    down()
    drill.clear_leftovers(deployment)
    bundle_rest.remove(deployment)
    with step("Removing images and generated files"):
        packages.remove_leftovers(deployment)
        for image in packages.built(deployment):
            _remove(image.tag, partial(deployment.client.images.remove, image.tag))
        for volume in made_again(deployment):
            _remove(volume.name, volume.remove)
        if kept := record.read(record.FOLDER, record.KEPT):
            images.remove_kept(deployment.client, deployment.project, kept.old)
        shutil.rmtree(RENDERED, ignore_errors=True)
    note("Homes, accounts, .env and site/ are untouched.")


def _remove(name: str, removing: Callable[[], object]) -> None:
    """Remove something that another command may be using, as a copy that is being made: then say that it stays."""
    try:
        removing()
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        warn(f"{name} stays: {error.explanation}\n  Run `make clean` again once it is not in use any more.")
