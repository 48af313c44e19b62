"""The history, for the hub."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered


def render(context: Context) -> Rendered:
    """How long names are kept, and whether Prometheus may read."""
    settings = context.settings
    return Rendered(hub={"history_days": settings.HISTORY_DAYS, "metrics": settings.METRICS == "on"})
