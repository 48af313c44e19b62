"""Whether site/ldap.yaml can be right, and what the directory says."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.topics.ldap import counterpart, ldap


def of_site(settings: Settings) -> Iterator[Finding]:
    """What is odd about site/ldap.yaml.

    :raises HomeroomError: everything that is wrong with it.
    """
    return ldap.findings(settings, SITE)


def of_counterpart(deployment: Deployment) -> list[Finding]:
    """What the directory's servers say to this deployment's hub."""
    return counterpart.ask(deployment)
