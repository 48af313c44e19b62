"""Delivers handouts when the lab starts and whenever there is a new one, in a thread, and tells the hub how it went."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

from homeroom_lab import hub_client
from homeroom_lab.handouts.deliver import PLACES, Handout, Result, deliver, fresh, known, stamp

LOOK_SECONDS = 15.0
AGAIN_SECONDS = 60.0
"""After this a delivery that was not whole is tried again: its owner may have made room."""
log = logging.getLogger("homeroom_lab.handouts")


class HandoutWatch:
    """What is delivered into this home.

    :param places: where the handouts are.
    """

    def __init__(self, places: Path = PLACES, home: Path | None = None) -> None:
        self.places = places
        self.home = home or Path.home()
        self.results: list[Result] = []
        self._seen: object = None
        self._told: list[Result] | None = None
        self._tried = float("-inf")

    async def run(self) -> None:
        """As long as the lab runs."""
        while True:
            try:
                await self.look()
            except Exception:  # of whatever kind: the next look may find it better
                log.exception("Handouts could not be delivered")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Deliver where there is something new, or something was missing a while ago; tell the hub what it lacks."""
        now = await asyncio.to_thread(stamp, self.places)
        late = time.monotonic() - self._tried > AGAIN_SECONDS
        missing = any(one.state != "delivered" for one in self.results)
        if now != self._seen or (missing and late):
            self._tried = time.monotonic()
            self.results = await asyncio.to_thread(self._deliver)
            self._seen = now
        if self.results != self._told and await tell_hub(self.results, os.environ):
            self._told = [Result(**vars(one)) for one in self.results]

    def _deliver(self) -> list[Result]:
        return deliver(known(self.places), self.home)

    async def fresh(self, name: str) -> str:
        """A fresh copy of a handout; returns its folder in the home, empty where there is no such handout.

        :raises OSError: it cannot be made.
        """
        handouts = await asyncio.to_thread(known, self.places)
        wanted: Handout | None = next((one for one in handouts if one.name == name), None)
        return await asyncio.to_thread(fresh, wanted, self.home) if wanted else ""


async def tell_hub(results: list[Result], environment: Mapping[str, str]) -> bool:
    """Tell the hub what is in this home; returns whether it could be told. A hub that is away is told the next time."""
    if "JUPYTERHUB_API_TOKEN" not in environment:
        return False
    return await hub_client.tell("handouts", {"handouts": [vars(one) for one in results]}, environment)
