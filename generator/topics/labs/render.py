"""Labs, by profile and group, for the hub; their images and limits for the guard."""

from __future__ import annotations

from generator.engine.resources import resource_names
from generator.rendering.context import Context, Rendered
from generator.topics.labs import labs
from generator.topics.labs.labs import LabsConfig


def labs_config(context: Context) -> LabsConfig:
    """What `site/profiles.yaml` and `site/groups.yaml` say, filled up from the settings."""
    return labs.load(context.settings, context.site, context.machine)


def render(context: Context) -> Rendered:
    """The spawner's traits, and what the guard holds each lab to."""
    settings, found = context.settings, context.of(labs_config)
    called = resource_names(settings)
    most = [settings.LABS_PER_PERSON, *(group["max_labs"] or 1 for group in found.groups.values())]
    return Rendered(
        hub={
            "deployment": settings.COMPOSE_PROJECT_NAME,
            "groups": found.groups,
            "hub_socket_volume": called["hub_socket_volume"],
            "lab_environment": {"TZ": settings.TIMEZONE, "LANG": settings.LAB_LANG},
            "lab_open_files": found.open_files,
            "lab_pids": settings.LAB_PIDS,
            "lab_sockets_volume": called["lab_sockets_volume"],
            "lab_start_timeout_seconds": settings.LAB_START_TIMEOUT_SECONDS,
            "labs_per_person": settings.LABS_PER_PERSON,
            "named_servers": any(number > 1 for number in most),
            "profiles": found.profiles,
        },
        guard={
            "images": sorted({profile["image"] for profile in found.profiles}),
            "max_pids": settings.LAB_PIDS,
            "max_open_files": found.open_files,
        },
    )
