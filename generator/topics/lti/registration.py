"""What the host asks of the hub about platforms: it keeps those that registered themselves in its database."""

from __future__ import annotations

from typing import Any

from generator.core.errors import HomeroomError
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.lti.ways import LTI


def ask_hub(deployment: Deployment, *arguments: str) -> dict[str, Any]:
    """Run `homeroom.lti.service` in the hub's container.

    :raises HomeroomError: LTI is off, the hub does not run, or the command failed.
    """
    if LTI not in deployment.settings.ways:
        raise HomeroomError(
            f"is {deployment.settings.AUTH}, so nobody comes from a course",
            location=".env AUTH",
            remedy="Add lti to it, and write site/lti.yaml: docs/sign-in/lti.md.",
        )
    return hub_module.ask(deployment, "homeroom.lti.service", *arguments, about="about learning platforms")
