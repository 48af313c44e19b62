"""What topics are asked again and again while a deployment runs: what is wrong, and what the letter should say."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from generator.engine.deployment import Deployment
from generator.schema.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A deployment as it is now, and what was kept of earlier looks.

    :param deployment: None where its engine does not answer.
    :param memory: what a look keeps for the next one, as JSON has it: each under a name of its own. Of those who merely
        look it is lost.
    :param away: the services that were to be asked, and do not run: what they know of is not over.
    """

    settings: Settings
    now: datetime
    deployment: Deployment | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)

    def runs(self, service: str) -> bool:
        """Whether a service runs, so that it can be asked."""
        container = self.deployment.service(service) if self.deployment else None
        if container is not None and container.status == "running":
            return True
        self.away.add(service)
        return False
