"""Counts now and then what a home takes, and tells the hub, which shows it on the home page."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

from homeroom_lab import hub_client
from homeroom_lab.disk import Disk, is_exam, look

FRESH_SECONDS = 300.0
FIRST_SECONDS = 5.0
"""By then a lab has started: counting takes nothing from that."""
TOLD_SECONDS = 600.0


class DiskWatch:
    """Knows a home's state, counted in a thread. The lab's page is told what was counted for it in the last
    FRESH_SECONDS: what is counted for the hub in between would have it learn later that a home is full."""

    def __init__(self) -> None:
        self._last: tuple[float, Disk] | None = None
        self._turn = asyncio.Lock()

    async def disk(self) -> Disk:
        """The state of the home."""
        async with self._turn:
            if self._last is None or time.monotonic() - self._last[0] > FRESH_SECONDS:
                disk = await asyncio.to_thread(look, os.environ, Path.home())
                self._last = (time.monotonic(), disk)
            return self._last[1]

    async def for_hub(self) -> Disk:
        """The same, without a word to the page: counted anew unless the page was told just now."""
        async with self._turn:
            if self._last is not None and time.monotonic() - self._last[0] <= FRESH_SECONDS:
                return self._last[1]
            return await asyncio.to_thread(look, os.environ, Path.home())


async def tell_hub(watch: DiskWatch, environment: Mapping[str, str]) -> bool:
    """Tell the hub what the home takes, for its home page; returns whether it could be told."""
    used_bytes = (await watch.for_hub()).used_bytes
    if used_bytes is None:
        return False
    return await hub_client.tell("homes", {"used_bytes": used_bytes}, environment)


async def tell_hub_again_and_again(watch: DiskWatch, environment: Mapping[str, str]) -> None:
    """As long as the lab runs."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        await tell_hub(watch, environment)
        await asyncio.sleep(TOLD_SECONDS)


def has_limit(environment: Mapping[str, str]) -> bool:
    """Whether the home has a limit, so that the hub wants to know, and there is a hub. That of an exam is not the one
    that its person's home page shows."""
    if is_exam(environment):
        return False
    limits = (environment.get(name) for name in ("HOMEROOM_HOME_SOFT_LIMIT", "HOMEROOM_HOME_HARD_LIMIT"))
    return any(limits) and "JUPYTERHUB_API_TOKEN" in environment
