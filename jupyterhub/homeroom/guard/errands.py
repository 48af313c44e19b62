"""Errands of one kind: a few at a time, each by one, and none without an end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from homeroom.guard import errand, socket_directories


class Errands:
    """Runs their containers.

    :param at_once: how many at a time; one more is told that they are busy.
    :param longest_seconds: how long one may take.
    :param fault: as `errand.run` has it.
    :param lab_sockets: where the guard sees the volume of the labs' sockets, where each has a directory of its own
        there for as long as it takes, called by its key.
    """

    def __init__(
        self, send: errand.Send, *, at_once: int, longest_seconds: float, fault: str, lab_sockets: Path | None = None
    ) -> None:
        self._send = send
        self._at_once = at_once
        self._longest_seconds = longest_seconds
        self._fault = fault
        self._lab_sockets = lab_sockets
        self._busy: set[str] = set()

    async def run(self, key: str, body: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Run one; what its container said last, or the `fault`: `busy`, `late` or `unreadable`.

        :param key: of what there is one at a time.
        :param body: makes the container's.
        :raises Refused: the engine does not run it.
        """
        if key in self._busy or len(self._busy) >= self._at_once:
            return {"fault": "busy"}
        self._busy.add(key)
        try:
            async with asyncio.timeout(self._longest_seconds):
                if self._lab_sockets is not None:
                    socket_directories.make(self._lab_sockets, key)
                _, said = await errand.run(self._send, body(), streams="stdout=1", fault=self._fault)
                return answer(said)
        except TimeoutError:
            return {"fault": "late"}
        finally:
            self._busy.discard(key)
            if self._lab_sockets is not None and (left := socket_directories.set_aside(self._lab_sockets, key)):
                await asyncio.shield(socket_directories.remove([left]))


def answer(output: str) -> dict[str, Any]:
    """What a container said last."""
    try:
        found = json.loads(output.strip().rpartition("\n")[2])
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"fault": "unreadable"}
