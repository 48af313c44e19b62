"""Showing labs, for the hub."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered


def render(context: Context) -> Rendered:
    """For how long at once."""
    return Rendered(hub={"show_minutes": context.settings.SHOW_LAB_MINUTES})
