"""Whether the engine can give GPUs."""

from __future__ import annotations

from generator.core.errors import raise_all
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.topics.gpus import gpus


def of_engine(deployment: Deployment) -> None:
    """See that the engine can give GPUs in the way that site/gpus.yaml says.

    :raises HomeroomError: it cannot; a lab would start without its GPU.
    """
    access = gpus.declared_access(SITE)
    if access:
        raise_all(list(gpus.access_faults(access, deployment.engine.kind, deployment.client.info())))
