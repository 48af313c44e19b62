"""How much of its limit a home takes, as the last lab on it has told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.user import User
from tornado import web

_told: WeakKeyDictionary[User, int] = WeakKeyDictionary()


def told(user: User) -> int | None:
    """Bytes in somebody's home; None: no lab has told since the hub started."""
    return _told.get(user)


class HomeUseHandler(APIHandler):
    """POST `/hub/api/homeroom/homes/NAME`, `{"used_bytes": 1048576}`: a lab tells what its home takes.

    It is believed, and shown to the home's owner alone: who lies is told a lie.
    """

    @needs_scope("users:activity")
    def post(self, user_name: str) -> None:
        """Keep it."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        _told[user] = _used_bytes(self.get_json_body())
        self.set_status(204)


def _used_bytes(body: object) -> int:
    """:raises HTTPError: 400, it is no number of bytes."""
    used: Any = body.get("used_bytes") if isinstance(body, Mapping) else None
    if isinstance(used, bool) or not isinstance(used, int) or not 0 <= used < math.ldexp(1, 62):
        raise web.HTTPError(400)
    return used
