"""What of this machine's network labs are not given, and why."""

from __future__ import annotations

from generator.core.finding import Finding
from generator.schema.settings import Settings
from generator.topics.network import lab_network


def of_site(settings: Settings) -> tuple[Finding, ...]:
    """A warning for each part of this machine's network that labs are not given."""
    return lab_network.load(settings).findings
