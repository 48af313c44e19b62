"""Whether the labs of each lesson fit."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.labs import labs
from generator.topics.prewarm import schedule


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for each lesson whose labs do not fit.

    :raises HomeroomError: everything that is wrong with site/schedule.yaml.
    """
    known = labs.load(settings, SITE, read_machine())
    return schedule.findings(schedule.load(SITE, known), known)
