"""Whether what site/handouts.yaml names can be handed out."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.core.finding import Finding, error, warning
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.topics.courses import courses, made
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


def of_counterpart(deployment: Deployment) -> Iterator[Finding]:
    """An error for each course that is not there, a warning where that cannot be said: the hub alone knows those that
    were made on its pages."""
    settings, machine = deployment.settings, read_machine()
    config = labs.load(settings, SITE, machine)
    known = handouts.load(settings, SITE, config.groups)
    names = {each.course.name for each in courses.load(settings, SITE, config)}
    unknown = handouts.unknown_courses(SITE, known, names)
    if not unknown:
        return
    try:
        there = names | made.ask_hub(deployment).keys()
    except HomeroomError:  # the hub does not run
        for one in unknown:
            cause = "it is not known whether there is this course: the hub, which has those of its pages, does not run"
            yield warning("handouts", cause, location=one.location or "", remedy="Run this again when it runs.")
        return
    for one in handouts.unknown_courses(SITE, known, there):
        yield error("handouts", one.cause, location=one.location or "", remedy=one.remedy or "")


def _findings(settings: Settings, known: list[handouts.Known]) -> Iterator[Finding]:
    root = places.sources(settings)
    for one in known:
        if one.handout.source is None:
            continue
        shown = str(root / one.handout.source)
        tree = Tree(root=root, inner=one.handout.source, shown=shown, max_bytes=settings.HANDOUT_MAX_SIZE)
        try:
            tree.revision()
        except Unfit as unfit:
            location = f"site/{HANDOUTS}: {one.name}"
            yield warning("handouts", f"{shown} {unfit.cause}", location=location, remedy=unfit.remedy)
