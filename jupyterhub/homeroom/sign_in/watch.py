"""Looks at people who are signed in, every few seconds, without a request of theirs."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from homeroom.records import outbox
from homeroom.sign_in import removal, removed, roster
from homeroom.sign_in.front_door import SignIn
from homeroom.sign_in.known_names import leaving

LOOK_SECONDS = 5.0


async def watch_people(hub: Any) -> None:
    """Shut out whom lists and sources let in no more, and carry out what the server's shell asks for: removals, and
    that somebody comes back."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await look(hub)
        except Exception as error:
            hub.log.error("Looking at who may stay failed, and is tried again: %r", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()


async def look(hub: Any) -> None:
    """Look once at everybody who is signed in, and at removals that wait."""
    for name in leaving(hub.db):
        if not removal.is_under_way(name):
            removal.remove(hub, name, "homeroom")
    for name in removed.wanted_back(hub.db):
        removed.bring_back(hub.db, name)
    roster.take_up(hub.db)
    await outbox.send(hub.db, hub.log)
    if isinstance(hub.authenticator, SignIn):  # or one of the operator's own
        await hub.authenticator.staying.look()
