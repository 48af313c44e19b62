"""By which way somebody signed in with a browser: a cookie that the hub signs says it, for signing out there, too."""

from __future__ import annotations

import json
from typing import Any

from homeroom.hub import navigation
from homeroom.sign_in import known_browsers
from homeroom.sign_in.way import Identity

COOKIE = "homeroom-way"
KEPT_DAYS = 14
"""As long as JupyterHub's own cookie."""


def note(handler: Any, identity: Identity) -> None:
    """Note on a request who was recognised with it."""
    if handler is not None:
        handler.homeroom_identity = identity


def begin(handler: Any, user: Any) -> None:
    """Have the browser know by which way this person signed in with the request, and that they were here."""
    handler._jupyterhub_user = user
    known_browsers.remember(handler, user.name)
    navigation.remember_here(handler)
    identity: Identity = handler.homeroom_identity
    value = json.dumps([identity.way, identity.subject])
    handler._set_cookie(COOKIE, value, path=handler.hub.base_url, expires_days=KEPT_DAYS, samesite="Lax")


def source(handler: Any) -> tuple[str, str] | None:
    """Way and subject of the sign-in with this browser; None where it has none, or from before there were ways."""
    value = handler.get_secure_cookie(COOKIE, max_age_days=KEPT_DAYS)
    if not value:
        return None
    way, subject = json.loads(value)
    return str(way), str(subject)


def end(handler: Any) -> None:
    """Forget it."""
    handler.clear_cookie(COOKIE, path=handler.hub.base_url)
