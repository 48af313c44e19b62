"""What copies keep of the edge: certificates, and the key of our own authority."""

from __future__ import annotations

from generator.engine.kept import Kept
from generator.schema.settings import Settings


def _exists(settings: Settings) -> bool:
    return settings.has_edge


KEEPS = (Kept(volume="edge-data", owner="992:992", exists=_exists),)
