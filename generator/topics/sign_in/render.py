"""How people sign in: a template a way, in `ways/`, each with its own rule of who may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generator.rendering.context import Context, Rendered
from generator.rendering.template import render as filled
from generator.schema.settings import Settings
from generator.schema.types import USERNAME_PATTERN

WAYS = Path(__file__).with_name("ways")


def render(context: Context) -> Rendered:
    """The authenticator, and what the pages need to know of it."""
    settings = context.settings
    return Rendered(
        hub={
            "admin": settings.JUPYTERHUB_ADMIN,
            "username_pattern": USERNAME_PATTERN,
            "template_vars": {
                "accounts": settings.AUTH == "native",
                "password_min_length": settings.PASSWORD_MIN_LENGTH,
            },
            "way": way(settings.AUTH, settings),
        }
    )


def way(name: str, settings: Settings) -> str:
    """A way's part of the configuration.

    :raises ValueError: it does not say who may sign in. JupyterHub would then let in nobody, or with a rule
        that another way needs, anybody.
    """
    values: dict[str, Any] = {
        "password_min_length": settings.PASSWORD_MIN_LENGTH,
        "login_attempts": settings.LOGIN_ATTEMPTS,
        "login_lockout_seconds": settings.LOGIN_LOCKOUT_SECONDS,
    }
    text = filled(WAYS / f"{name}.py.j2", values)
    if "Authenticator.allow_" not in text:
        raise ValueError(f"the way {name} has no rule of its own who may sign in")
    return text
