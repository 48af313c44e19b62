"""Announcements, for the hub: their page, and what labs ask for."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered


def render(_: Context) -> Rendered:
    """Nothing that a setting changes."""
    return Rendered()
