"""Asks the hub for what it has for this lab, when it has something new. A file beside the hub's socket tells that, so a
lab asks seldom, and all labs not at the same moment."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar


class StampWatch:
    """Looks at the file; what the hub says is each kind's own to take.

    :param stamp: the file whose time of change tells of something new.
    """

    look_seconds: ClassVar[float]
    spread_seconds: ClassVar[float]

    def __init__(self, environment: Mapping[str, str], stamp: Path) -> None:
        self._environment = environment
        self._stamp = stamp
        self._seen: int | None = None

    async def run(self) -> None:
        """As long as the lab runs."""
        while True:
            await self.look(random.uniform(0.0, self.spread_seconds))  # noqa: S311 - of no secret
            await asyncio.sleep(self.look_seconds)

    async def look(self, wait_seconds: float = 0.0) -> None:
        """Ask the hub, where it has something new. A hub that is away is asked again."""
        try:
            changed = self._stamp.stat().st_mtime_ns
        except OSError:
            return
        if changed == self._seen:
            return
        await asyncio.sleep(wait_seconds)
        try:
            await self.take()
            self._seen = changed
        except (OSError, ValueError, KeyError, TypeError):
            return

    async def take(self) -> None:
        """Ask the hub and keep what it says. :raises OSError: ValueError, KeyError and TypeError: it does not say."""
        raise NotImplementedError
