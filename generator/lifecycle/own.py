"""Whether what carries a deployment's name was brought up from this directory."""

from __future__ import annotations

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.preflight.deployment import living_directories
from generator.preflight.engine_state import read_containers


def require_own(deployment: Deployment, verb: str) -> None:
    """See that a verb that stops or restarts something does so to no other directory's deployment.

    :param verb: as it is typed behind `make`.
    :raises HomeroomError: another directory, which is still there, has a deployment of this name.
    """
    others = living_directories(read_containers(deployment.client), deployment.project, ROOT)
    if others:
        raise HomeroomError(
            f"the deployment {deployment.project} belongs to the directory {', '.join(others)}",
            location=".env: COMPOSE_PROJECT_NAME",
            remedy=f"`make {verb}` there is about that one. To have one here, set another name, such as "
            f"COMPOSE_PROJECT_NAME={deployment.project}2.",
        )
