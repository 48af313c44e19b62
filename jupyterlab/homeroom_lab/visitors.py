"""Who may enter a lab that several enter, and for how long what they have open goes on.

A page asks for something now and again, and the server then asks the hub whether its visitor may still be here. A
terminal or kernel that is open in a page is asked for once, and would go on for whoever is out.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any
from weakref import WeakSet

LOOK_SECONDS = 2.0
OUT = 4403
"""The code with which a websocket is closed; from 4000 on they are an application's own."""
log = logging.getLogger("homeroom_lab.visitors")


class Visitors:
    """The websockets that are open."""

    def __init__(self) -> None:
        self.open: WeakSet[Any] = WeakSet()

    async def run(self) -> None:
        """As long as the lab runs, look who may still be here, and close what others have open."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for handler in list(self.open):
                try:
                    stays = await may_stay(handler)
                except Exception as error:  # the hub is away: nobody is put out for that
                    log.debug("Whether somebody may still be here cannot be said: %r", error)
                    continue
                if not stays:
                    log.warning("Somebody who may enter no more had %s open", handler.request.path)
                    handler.close(OUT, "no longer allowed")


async def may_stay(handler: Any) -> bool:
    """Whether the hub still lets in whoever opened this.

    :raises HTTPError: the hub does not answer.
    """
    hub_auth = handler.settings["identity_provider"].hub_auth
    token = hub_auth.get_token(handler, in_cookie=True)
    if not token:
        return False
    session = hub_auth.get_session_id(handler)
    model = await hub_auth.user_for_token(token, session_id=session, sync=False)
    return model is not None and bool(hub_auth.check_scopes(hub_auth.access_scopes, model))


def install(web_app: Any) -> None:
    """Watch the websockets of a lab that several enter."""
    from tornado.ioloop import IOLoop
    from tornado.websocket import WebSocketHandler

    if not os.environ.get("HOMEROOM_SHARED_LAB"):
        return
    visitors, accept = Visitors(), WebSocketHandler.get

    async def note_and_accept(handler: Any, *arguments: Any, **options: Any) -> None:
        visitors.open.add(handler)
        await accept(handler, *arguments, **options)

    WebSocketHandler.get = note_and_accept  # type: ignore[method-assign, assignment]
    IOLoop.current().add_callback(visitors.run)
