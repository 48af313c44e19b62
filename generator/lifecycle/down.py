"""`make down` and `make clean`."""

from __future__ import annotations

import shutil

import docker.errors

from generator.core.console import counted, note, step
from generator.core.paths import RENDERED
from generator.engine.deployment import Deployment, open_deployment
from generator.lifecycle import timers
from generator.lifecycle.build import image_specs
from generator.lifecycle.own import require_own
from generator.topics.environments import site_images
from generator.topics.packages import images as packages
from generator.topics.updates import images, record

LAB_STOP_SECONDS = 10


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
        deployment.compose("down", "--remove-orphans")
        shown.say(f"{counted(labs, 'lab')} stopped; homes and accounts stay")


def clean() -> None:
    """Remove what `make up` can make again: containers, networks, images, generated files. Never homes, accounts,
    `.env` or `site/`."""
    deployment = open_deployment()
    require_own(deployment, "clean")
    down()
    with step("Removing images and generated files"):
        packages.remove_leftovers(deployment)
        for spec in (*site_images.specs(deployment), *image_specs(deployment)):
            try:
                deployment.client.images.remove(spec.tag)
            except docker.errors.ImageNotFound:
                continue
        sockets = (
            "desk-socket",
            "lms-socket",
            "edge-socket",
            "guard-socket",
            "proxy-socket",
            "hub-socket",
            "lab-sockets",
        )
        for volume in (*sockets, "kernels", "copies"):
            try:
                deployment.client.volumes.get(f"{deployment.project}_{volume}").remove()
            except docker.errors.NotFound:
                continue
        if kept := record.read(record.FOLDER, record.KEPT):
            images.remove_kept(deployment.client, deployment.project, kept.old)
        shutil.rmtree(RENDERED, ignore_errors=True)
    note("Homes, accounts, .env and site/ are untouched.")
