"""What is looked over before anything is changed: the machine, site/, and what the engine has."""

from __future__ import annotations

from typing import Any

import docker.errors

from generator import RELEASED, preflight
from generator.core import machine
from generator.core.errors import HomeroomError, raise_all
from generator.core.labels import SERVICE_LABEL
from generator.core.paths import ROOT, SITE
from generator.engine.deployment import Deployment
from generator.engine.find import Engine
from generator.schema.settings import Settings
from generator.site import starters
from generator.topics.environments import kernels, site_images
from generator.topics.gpus import gpus
from generator.topics.labs import labs, site
from generator.topics.network import lab_network
from generator.topics.prewarm import schedule
from generator.topics.storage import homes


def check_machine(settings: Settings, engine: Engine | None) -> list[preflight.Finding]:
    """Look the machine over for this deployment; changes nothing. Without an engine, what can be told without.

    :raises HomeroomError: everything that stands in the way, together.
    """
    wanted = preflight.Wanted(
        project=settings.COMPOSE_PROJECT_NAME,
        directory=ROOT,
        hub_ip=settings.HUB_IP,
        hub_port=settings.HUB_PORT,
        lab_subnet=settings.LAB_SUBNET,
        lab_firewall=settings.LAB_FIREWALL == "on",
        lab_open_networks=settings.LAB_OPEN_NETWORKS,
        lab_memory_bytes=settings.LAB_MEMORY,
        labs_memory_bytes=settings.LABS_MEMORY,
        lab_cpus=settings.LAB_CPUS,
        labs_cpus=settings.LABS_CPUS,
        lab_pids=settings.LAB_PIDS,
        lab_open_files=labs.open_files(settings, machine.read_machine()),
        services_memory_bytes=settings.HUB_MEMORY + settings.PROXY_MEMORY + settings.GUARD_MEMORY,
        released=RELEASED,
    )
    findings = preflight.run_checks(engine, wanted)
    raise_all([*preflight.errors_of(findings), *homes.homes_faults(settings, ROOT)])
    return findings


def check_site(settings: Settings) -> list[preflight.Finding]:
    """Whether the labs of each lesson fit, and whether there is a file in `site/` that nobody reads; changes nothing.

    :raises HomeroomError: everything that is wrong with site/schedule.yaml.
    """
    known = labs.load(settings, SITE, machine.read_machine())
    lessons = schedule.findings(schedule.load(SITE, known), known)
    return [*lessons, *starters.unread(SITE), *kernels.unread(SITE), *lab_network.load(settings).findings]


def named_images(settings: Settings) -> list[tuple[str, str]]:
    """Every image that labs may be started from, as the operator names it, with the place."""
    named = [(profile.image, f"site/{site.PROFILES}: {profile.name}") for profile in labs.profiles_of(SITE)]
    return [(settings.DOCKER_NOTEBOOK_IMAGE, site_images.SETTING), *((image, place) for image, place in named if image)]


def check_images(deployment: Deployment) -> None:
    """See that every image for labs is there or can be had; changes nothing.

    :raises HomeroomError: for all that cannot.
    """
    site_images.check(deployment, named_images(deployment.settings))


def check_gpus(deployment: Deployment) -> None:
    """See that the engine can give GPUs in the way that site/gpus.yaml says.

    :raises HomeroomError: it cannot; a lab would start without its GPU.
    """
    access = gpus.declared_access(SITE)
    if access:
        raise_all(list(gpus.access_faults(access, deployment.engine.kind, deployment.client.info())))


def check_locale(deployment: Deployment) -> None:
    """See that every image for labs that is there has the locale that is set; C.UTF-8 every image has.

    :raises HomeroomError: for all that have not.
    """
    wanted = deployment.settings.LAB_LANG
    if _plain(wanted) in ("c", "posix", "cutf8"):
        return
    named = named_images(deployment.settings)
    errors: list[HomeroomError] = []
    for image in dict.fromkeys(site_images.full_name(name, deployment.settings) for name, _ in named):
        known = _locales(deployment, image)
        if known and _plain(wanted) not in map(_plain, known):
            cause = f"the image {image} has no locale {wanted}"
            remedy = f"It has {', '.join(known)}. Leave LAB_LANG out for C.UTF-8, or use images that have yours."
            errors.append(HomeroomError(cause, place=".env: LAB_LANG", remedy=remedy))
    raise_all(errors)


def _locales(deployment: Deployment, image: str) -> list[str]:
    """The locales of an image; none of one that is not there, or has no program that tells them."""
    try:
        listed: Any = deployment.client.containers.run(
            image, ["-a"], entrypoint="locale", network_mode="none", remove=True, labels={SERVICE_LABEL: "check"}
        )
    except (docker.errors.ContainerError, docker.errors.APIError):  # ImageNotFound is one of the latter
        return []
    found: list[str] = listed.decode(errors="replace").split()
    return found


def _plain(locale: str) -> str:
    """A locale's name as the C library compares it: `de_AT.UTF-8` is `de_AT.utf8`."""
    return locale.lower().replace("-", "").replace(".", "")
