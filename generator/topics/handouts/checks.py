"""Whether what site/handouts.yaml names can be handed out."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding, warning
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.handouts import handouts, places
from generator.topics.handouts.site import HANDOUTS
from generator.topics.handouts.tree import Tree, Unfit
from generator.topics.labs import labs


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for each folder that is not there, or cannot be handed out as it is: its time may be weeks away.

    :raises HomeroomError: everything that is wrong with site/handouts.yaml.
    """
    known = handouts.load(settings, SITE, labs.load(settings, SITE, read_machine()).groups)
    return _findings(settings, known)


def _findings(settings: Settings, known: list[handouts.Known]) -> Iterator[Finding]:
    root = places.sources(settings)
    for one in known:
        if one.handout.source is None:
            continue
        shown = str(root / one.handout.source)
        tree = Tree(root=root, inner=one.handout.source, shown=shown, max_bytes=settings.HANDOUT_MAX_SIZE)
        try:
            tree.revision()
        except Unfit as error:
            location = f"site/{HANDOUTS}: {one.name}"
            yield warning("handouts", f"{shown} {error.cause}", location=location, remedy=error.remedy)
