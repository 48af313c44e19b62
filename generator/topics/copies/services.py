"""The service that reads copies for people: one of two names, by whether it needs a network."""

from __future__ import annotations

from generator.engine.services import Service, of_mib
from generator.schema.settings import Settings
from generator.topics.copies.target import Target


def _reads_directory(settings: Settings) -> bool:
    return settings.shows_copies and Target(address=settings.BACKUP_TO).kind == "directory"


def _reads_elsewhere(settings: Settings) -> bool:
    return settings.shows_copies and not _reads_directory(settings)


SERVICES = (
    Service(name="reader", order=36, memory_bytes=of_mib(512), exists=_reads_directory),
    Service(name="reader-remote", order=36, memory_bytes=of_mib(512), exists=_reads_elsewhere),
)
