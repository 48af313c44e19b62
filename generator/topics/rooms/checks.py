"""Whether rooms can be as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding, warning
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.courses import courses
from generator.topics.labs import labs
from generator.topics.rooms import rooms
from generator.topics.rooms.render import FEATURE, with_collaboration
from generator.topics.rooms.site import ROOMS


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for rooms in which nobody could work together.

    :raises HomeroomError: everything that is wrong with site/rooms.yaml.
    """
    known = labs.load(settings, SITE, read_machine())
    names = [each.course.name for each in courses.load(settings, SITE, known)]
    if rooms.load(SITE, known, names) and not with_collaboration(settings):
        yield warning(
            "rooms",
            "labs cannot be worked in by several at once",
            location=f"site/{ROOMS}",
            remedy=f"Add {FEATURE} to LAB_FEATURES in .env.",
        )
