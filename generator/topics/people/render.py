"""What pages say of how long files are kept."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered


def render(context: Context) -> Rendered:
    """The number of days."""
    return Rendered(hub={"retention_days": context.settings.RETENTION_DAYS})
