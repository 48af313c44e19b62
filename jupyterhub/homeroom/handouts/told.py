"""POST `/hub/api/homeroom/handouts/NAME`: a lab tells how handouts came into its home."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from homeroom.handouts.records import ToldHandout, keep

STATES = frozenset({"delivered", "full", "failed"})
MOST = 500
MOST_FILES = 10_000_000
LONGEST_NAME = 64
NAME = re.compile(r"(?:[a-z0-9][a-z0-9-]{0,31}/)?[a-z0-9][a-z0-9-]*")
"""One that is made on a course's page has the course before it."""
REVISION = re.compile(r"[0-9a-f]{1,64}")


class ToldHandler(APIHandler):
    """What a lab tells is believed, and shown to the home's owner and to the operator as what it is: the lab's word."""

    @needs_scope("users:activity")
    def post(self, user_name: str) -> None:
        """Keep it."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404)
        keep(self.db, user.name, read(self.get_json_body()))
        self.set_status(204)


def read(body: object) -> list[ToldHandout]:
    """:raises HTTPError: 400, it is not what a lab would tell."""
    rows = body.get("handouts") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or len(rows) > MOST:
        raise web.HTTPError(400)
    found = {one.name: one for one in map(_read_one, rows)}
    return list(found.values())


def _read_one(given: Any) -> ToldHandout:
    if not isinstance(given, Mapping):
        raise web.HTTPError(400)
    name, folder, revision, state = (given.get(key) for key in ("name", "to", "revision", "state"))
    counts = [given.get(key) for key in ("copied", "kept")]
    if not (
        isinstance(name, str)
        and len(name) <= LONGEST_NAME
        and NAME.fullmatch(name)
        and isinstance(folder, str)
        and 0 < len(folder) <= 255
        and folder.isprintable()
        and isinstance(revision, str)
        and REVISION.fullmatch(revision)
        and isinstance(state, str)
        and state in STATES
        and all(type(count) is int and 0 <= count <= MOST_FILES for count in counts)
    ):
        raise web.HTTPError(400)
    return ToldHandout(name=name, folder=folder, revision=revision, state=state, copied=counts[0], kept=counts[1])
