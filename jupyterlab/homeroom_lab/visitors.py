"""Who may enter a lab that several enter, or that its owner shows, and for how long what they have open goes on.

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
OTHERS_SECONDS = 1
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


def owners_cache(owner: str, seconds: int) -> Any:
    """What is kept of the hub's answers: of the owner as long as ever, of anybody else for a second."""
    from jupyterhub.services.auth import _ExpiringDict

    class OwnersCache(_ExpiringDict):
        others = _ExpiringDict(OTHERS_SECONDS)

        def __setitem__(self, key: Any, value: Any) -> None:
            if value is not None and value.get("name") == owner:
                super().__setitem__(key, value)
            else:
                self.others[key] = value

        def __getitem__(self, key: Any) -> Any:
            try:
                return super().__getitem__(key)
            except KeyError:
                return self.others[key]

    return OwnersCache(seconds)


def is_guest(handler: Any, owner: str) -> bool:
    """Whether somebody other than the owner of a lab asks."""
    return getattr(handler.current_user, "username", None) != owner


def install(web_app: Any) -> None:
    """Watch the websockets of a lab that several enter, or those of the guests in a lab that its owner may show."""
    from tornado.ioloop import IOLoop
    from tornado.web import RequestHandler
    from tornado.websocket import WebSocketHandler

    shared = bool(os.environ.get("HOMEROOM_SHARED_LAB"))
    if not shared and not os.environ.get("HOMEROOM_SHOWN"):
        return
    visitors, accept, owner = Visitors(), WebSocketHandler.get, os.environ.get("JUPYTERHUB_USER", "")

    async def note_and_accept(handler: Any, *arguments: Any, **options: Any) -> None:
        if shared or is_guest(handler, owner):
            visitors.open.add(handler)
        await accept(handler, *arguments, **options)

    WebSocketHandler.get = note_and_accept  # type: ignore[method-assign, assignment]
    IOLoop.current().add_callback(visitors.run)
    if not shared:
        hub_auth = web_app.settings["identity_provider"].hub_auth
        hub_auth.cache = owners_cache(owner, hub_auth.cache_max_age)

        class Told(RequestHandler):
            """The hub asks whether guests are put out here, before it lets one in. It is no secret."""

            def get(self) -> None:
                """They are."""
                self.set_status(204)

        web_app.add_handlers(".*$", [(f"{web_app.settings['base_url'].rstrip('/')}/homeroom/visitors", Told)])
