"""What all labs together may have, for the hub."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered
from generator.topics.labs.render import labs_config


def render(context: Context) -> Rendered:
    """The spawner's traits about the queue. A start may last as long as the wait and the lab's own start together."""
    settings, found = context.settings, context.of(labs_config)
    return Rendered(
        hub={
            "total_lab_memory_bytes": found.memory_bytes,
            "total_lab_cpus": found.cpus,
            "queue_seconds": settings.QUEUE_SECONDS,
            "start_timeout_seconds": settings.QUEUE_SECONDS + settings.LAB_START_TIMEOUT_SECONDS + 10,
        }
    )
