"""Whether BACKUP_TO can hold copies."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.schema.settings import Settings
from generator.topics.copies.target import Target, directory_faults


def of_machine(settings: Settings) -> Iterator[HomeroomError]:
    """What keeps it from that."""
    if settings.BACKUP_TO:
        yield from directory_faults(Target(address=settings.BACKUP_TO), settings, ROOT)
