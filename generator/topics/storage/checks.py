"""Whether the machine has what HOMES and its limits ask for."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.schema.settings import Settings
from generator.topics.storage import homes


def of_machine(settings: Settings) -> Iterator[HomeroomError]:
    """An error for each thing that HOMES or its limits need and this machine lacks."""
    return homes.homes_faults(settings, ROOT)
