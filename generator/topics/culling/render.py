"""The configuration of the service idle-culler."""

from __future__ import annotations

from pathlib import Path

from generator.rendering.context import Context, Rendered
from generator.rendering.template import render as filled
from generator.schema.settings import Settings
from generator.topics.labs.labs import LabsConfig
from generator.topics.labs.render import labs_config

CULLER_CONFIG = "idle_culler_config.py"
FILES = {CULLER_CONFIG: "hub"}
TEMPLATE = Path(__file__).with_name("idle_culler_config.py.j2")


def render(context: Context) -> Rendered:
    """The hub's service that stops idle labs, and its configuration."""
    return Rendered(files={CULLER_CONFIG: culler_config(context.settings, context.of(labs_config))})


def _check_seconds(timeouts: list[int]) -> int:
    """How often all labs are looked at, so that the shortest of their timeouts is kept within a tenth."""
    return max(3, min([300, *(timeout // 10 for timeout in timeouts if timeout)]))


def culler_config(settings: Settings, known: LabsConfig) -> str:
    """The text of `idle_culler_config.py`."""
    timeouts = [profile[name] for profile in known.profiles for name in ("idle_seconds", "max_age_seconds")]
    return filled(
        TEMPLATE,
        {
            "cull_every_seconds": _check_seconds(timeouts),
            "cull_idle_seconds": settings.CULL_IDLE_SECONDS,
            "hub_api_url": f"http://proxy:8000{settings.BASE_URL}hub/api",
        },
    )
