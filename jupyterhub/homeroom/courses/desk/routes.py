"""What a counter of the desk answers: a table of routes, and what becomes of a request that is refused or fails."""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote

from aiohttp import web

from homeroom.courses.desk.refused import Refused

log = logging.getLogger("homeroom.desk")

Handler = Callable[..., Awaitable[web.StreamResponse]]


class Route(NamedTuple):
    """One thing that can be asked for.

    :param pattern: of the whole path, as it was sent; each group is one argument, a name in plain characters.
    :param handler: is given who asks, the request and these arguments.
    """

    method: str
    pattern: re.Pattern[str]
    handler: Handler


class Routes:
    """Answers by the first route that fits.

    :param otherwise: what is said where none does.
    """

    def __init__(self, routes: Iterable[Route], otherwise: str) -> None:
        self._routes = tuple(routes)
        self._otherwise = otherwise

    async def answer(self, asker: Any, name: str, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request.

        :param asker: whoever asks, as the handlers want to know them.
        :param name: the same, for the log.
        """
        try:
            return await self._answer(asker, request)
        except Refused as refused:
            log.info("%s is refused: %s", name, refused.why)
            return web.json_response({"error": refused.why}, status=refused.status)
        except OSError as error:
            if isinstance(error, ConnectionError):
                raise
            log.error("%s asks in vain for %s %s: %s", name, request.method, request.path, error)
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "The disk for hand-ins is full." if full else "It cannot be kept or read."
            return web.json_response({"error": f"{why} Please tell your teacher."}, status=507 if full else 500)

    async def _answer(self, asker: Any, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        for route in self._routes:
            if route.method == request.method and (found := route.pattern.fullmatch(path)):
                return await route.handler(asker, request, *map(unquote, found.groups()))
        raise Refused(404, self._otherwise)
