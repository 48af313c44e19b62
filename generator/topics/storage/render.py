"""Homes and shares, for the hub and the guard."""

from __future__ import annotations

from generator.core.paths import ROOT
from generator.rendering.context import Context, Rendered
from generator.topics.labs.render import labs_config
from generator.topics.storage.storage import load


def render(context: Context) -> Rendered:
    """The spawner's traits about storage, and what the guard lets labs mount."""
    storage = load(context.settings, context.site, ROOT, known_groups=context.of(labs_config).groups)
    return Rendered(
        hub={"storage": storage.hub_traits(), "shares": [one.trait() for one in storage.shared]},
        guard={**storage.mount_rules(), **storage.home_fields()},
    )
