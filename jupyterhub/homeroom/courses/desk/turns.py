"""Turns: so many at once, and among those who wait one of each course after the other."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """Has a few at once; who has many waiting keeps nobody else from theirs.

    :param at_once: how many.
    """

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def ahead(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    @asynccontextmanager
    async def one(self, key: str) -> AsyncIterator[None]:
        """A turn, once there is one.

        :param key: whose it is: of those who wait, each key has a turn before one has its next.
        """
        if self._free > 0 and not self._waiting:
            self._free -= 1
        else:
            await self._wait(key)
        try:
            yield
        finally:
            self._free += 1
            self._next()

    async def _wait(self, key: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it came in the same moment, and is another's now
                self._free += 1
            else:
                self._leave(key, turn)
            self._next()
            raise

    def _leave(self, key: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(key)
        if waiting and turn in waiting:
            waiting.remove(turn)
            if not waiting:
                del self._waiting[key]

    def _next(self) -> None:
        while self._free > 0 and self._waiting:
            key, waiting = self._waiting.popitem(last=False)
            turn = waiting.popleft()
            if waiting:
                self._waiting[key] = waiting  # behind the others
            if not turn.done():
                self._free -= 1
                turn.set_result(None)
