"""The web server in front, for the hub."""

from __future__ import annotations

from typing import Any

from generator.rendering.context import Context, Rendered
from generator.topics.sso import sso
from generator.topics.sso.site import Sso

PREFIX = "sso-"
REFRESH_SECONDS = 15
"""How long somebody else may use a browser before the hub notices, where the web server says on each page who asks."""


def render(context: Context) -> Rendered:
    """What the way is told."""
    found = sso.load(context.settings, context.site)
    if found is None:
        return Rendered()
    values = {name: value for name, value in traits(found).items() if value not in (None, "", [])}
    refresh_seconds = REFRESH_SECONDS if found.protects == "everything" else None
    return Rendered(hub={"way": values, "refresh_seconds": refresh_seconds})


def traits(found: Sso) -> dict[str, Any]:
    """Who may sign in, and which header says what."""
    names = found.headers.model_dump()
    return {
        "title": found.title,
        **{f"{name}_header": header for name, header in names.items()},
        "separator": found.separator,
        "required_roles": sorted(found.required_roles),
        "everywhere": found.protects == "everything",
        "logout": found.logout,
        "allow_all": found.allow_all,
        "allowed_users": sorted(found.allowed_users),
        "allowed_groups": sorted(f"{PREFIX}{group}" for group in found.allowed_groups),
        "admin_groups": sorted(f"{PREFIX}{group}" for group in found.admin_groups),
    }
