"""What is looked over before anything is changed: `site/`, the machine, its engine, the images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from generator import RELEASED, preflight, topics
from generator.core.errors import raise_all
from generator.core.machine import read_machine
from generator.core.paths import ROOT, SITE
from generator.engine import services
from generator.engine.deployment import Deployment
from generator.engine.find import Engine
from generator.schema.settings import Settings
from generator.site import starters
from generator.topics.labs import labs


def _topics_own(name: str) -> Iterator[Callable[..., Any]]:
    """This function of every topic's `checks.py` that has it."""
    for part in topics.each("checks"):
        if hasattr(part, name):
            yield getattr(part, name)


def check_machine(settings: Settings, engine: Engine | None) -> list[preflight.Finding]:
    """Look the machine over for this deployment; changes nothing. Without an engine, what can be told without.

    :raises HomeroomError: everything that stands in the way, together.
    """
    edge_ports = {"HTTP_PORT": settings.HTTP_PORT, "HTTPS_PORT": settings.HTTPS_PORT} if settings.has_edge else {}
    requirements = preflight.Requirements(
        project=settings.COMPOSE_PROJECT_NAME,
        directory=ROOT,
        hub_ip=settings.HUB_IP,
        hub_port=settings.HUB_PORT,
        lab_subnet=settings.LAB_SUBNET,
        lab_firewall=settings.LAB_FIREWALL == "on",
        lab_open_networks=settings.LAB_OPEN_NETWORKS,
        lab_memory_bytes=settings.LAB_MEMORY,
        total_lab_memory_bytes=settings.TOTAL_LAB_MEMORY,
        lab_cpus=settings.LAB_CPUS,
        total_lab_cpus=settings.TOTAL_LAB_CPUS,
        lab_pids=settings.LAB_PIDS,
        lab_open_files=labs.open_files(settings, read_machine()),
        services_memory_bytes=services.memory_bytes(settings),
        edge_ports=edge_ports,
        released=RELEASED,
    )
    findings = preflight.run_checks(engine, requirements)
    raise_all(
        [*preflight.errors_of(findings), *(fault for look in _topics_own("of_machine") for fault in look(settings))]
    )
    return findings


def check_site(settings: Settings) -> list[preflight.Finding]:
    """What is odd in `site/`, such as files that are not read; changes nothing.

    :raises HomeroomError: everything that is wrong with a file of it.
    """
    return [*(finding for look in _topics_own("of_site") for finding in look(settings)), *starters.unread(SITE)]


def check_engine(deployment: Deployment) -> None:
    """See that the engine can do what labs will ask of it.

    :raises HomeroomError: it cannot.
    """
    for look in _topics_own("of_engine"):
        look(deployment)


def check_images(deployment: Deployment) -> None:
    """See that the images are there, or can be had, and have what labs need; changes nothing.

    :raises HomeroomError: for each image that cannot be had, or lacks something that labs need.
    """
    for look in _topics_own("of_images"):
        look(deployment)


def ask_counterparts(deployment: Deployment) -> list[preflight.Finding]:
    """What those say whom the hub depends on for sign-in, asked as the hub asks them; changes nothing."""
    return [finding for look in _topics_own("of_counterpart") for finding in look(deployment)]
