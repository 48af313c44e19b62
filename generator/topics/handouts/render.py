"""Handouts, for the hub and the guard: which folders labs mount. What is in them changes while all runs."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered
from generator.topics.environments import features
from generator.topics.handouts import handouts
from generator.topics.labs.render import labs_config


def render(context: Context) -> Rendered:
    """The folder of each audience."""
    known = handouts.load(context.settings, context.site, context.of(labs_config).groups)
    wanted = handouts.all_audiences(known)
    git_links = "nbgitpuller" in features.parse(context.settings.LAB_FEATURES)
    return Rendered(
        hub={
            "handouts": [one.trait() for one in wanted],
            "links": {"public_url": context.settings.public_url, "git_links": git_links},
        },
        guard={"binds": [one.rule() for one in wanted]},
    )
