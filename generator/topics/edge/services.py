"""The service that speaks HTTPS."""

from __future__ import annotations

from generator.engine.services import Service
from generator.schema.settings import Settings


def _exists(settings: Settings) -> bool:
    return settings.has_edge


SERVICES = (Service(name="edge", order=35, memory_bytes=lambda settings: settings.EDGE_MEMORY, exists=_exists),)
