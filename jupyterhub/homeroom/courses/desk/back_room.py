"""What the desk does for the hub, on a socket that no lab sees."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from urllib.parse import unquote

from aiohttp import web

from homeroom.courses.desk.store import Store
from homeroom.courses.desk.told import Told

PEOPLE = "/people/"


class BackRoom:
    """Answers the hub.

    :param told: what it has told last.
    :param take: takes what it tells now.
    """

    def __init__(self, store: Store, told: Callable[[], Told], take: Callable[[Told], None]) -> None:
        self.store = store
        self._told = told
        self._take = take

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request."""
        route = (request.method, request.path)
        if route == ("GET", "/told"):
            return web.json_response({"digest": self._told().digest})
        if route == ("PUT", "/told"):
            return await self._put(request)
        if route == ("GET", "/receipts"):
            names = {key: request.query.get(key, "") for key in ("course", "person")}
            found = self.store.receipts(**names)
            return web.json_response({"receipts": [each.summary() for each in found]})
        if request.path.startswith(PEOPLE):
            return await self._person(request.method, unquote(request.raw_path.removeprefix(PEOPLE)))
        return web.json_response({"error": "there is no such thing"}, status=404)

    async def _put(self, request: web.BaseRequest) -> web.Response:
        try:
            self._take(Told.from_json(await request.read()))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": repr(error)}, status=400)
        return web.json_response({"digest": self._told().digest})

    async def _person(self, method: str, person: str) -> web.Response:
        """Everything of one person: shown, or removed for good."""
        if method == "GET":
            found = [each.as_json() for each in self.store.receipts(person=person)]
            return web.Response(text=json.dumps({"hand_ins": found}), content_type="application/json")
        if method == "DELETE" and person:
            return web.json_response({"removed": await asyncio.to_thread(self.store.forget, person)})
        return web.json_response({"error": "there is no such thing"}, status=404)
