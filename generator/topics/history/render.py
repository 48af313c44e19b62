"""How long names are kept, for the hub."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered


def render(context: Context) -> Rendered:
    """The history's traits."""
    return Rendered(hub={"history_days": context.settings.HISTORY_DAYS})
