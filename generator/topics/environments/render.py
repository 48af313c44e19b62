"""The volume of kernels for everyone, which each lab has."""

from __future__ import annotations

from generator.engine.resources import KERNELS_TARGET, resource_names
from generator.rendering.context import Context, Rendered


def render(context: Context) -> Rendered:
    """The mount, for the hub and the guard."""
    volume = resource_names(context.settings)["kernels_volume"]
    return Rendered(
        hub={"kernels_volume": volume, "kernels_target": KERNELS_TARGET},
        guard={"volumes": [{"source": volume, "target": KERNELS_TARGET, "read_only": True}]},
    )
