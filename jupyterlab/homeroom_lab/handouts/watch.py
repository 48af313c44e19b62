"""Delivers handouts when the lab starts and whenever there is a new one, in a thread, and tells the hub how it went."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path

from homeroom_lab import hub_client
from homeroom_lab.handouts import of_desk
from homeroom_lab.handouts.deliver import PLACES, Handout, Result, deliver, fresh, known, stamp

LOOK_SECONDS = 15.0
SOON_SECONDS, SOON_LOOKS = 3.0, 4
"""How often a lab that has just started looks, and how many times: the desk opens for it within seconds."""
ASK_SECONDS = 30.0
"""How often the desk is asked, at most."""
AGAIN_SECONDS = 60.0
"""After this a delivery that was not whole is tried again: its owner may have made room."""
log = logging.getLogger("homeroom_lab.handouts")


class HandoutWatch:
    """What is delivered into this home.

    :param places: where the handouts are.
    :param desk: the socket where the others are.
    """

    def __init__(self, places: Path = PLACES, home: Path | None = None, desk: Path = of_desk.SOCKET) -> None:
        self.places = places
        self.desk = desk
        self.home = home or Path.home()
        self.results: list[Result] = []
        self._seen: object = None
        self._told: list[Result] | None = None
        self._tried = float("-inf")
        self._asked = float("-inf")
        self._of_desk: list[Handout] = []

    async def run(self) -> None:
        """As long as the lab runs."""
        for number in itertools.count():
            try:
                await self.look()
            except Exception:  # of whatever kind: the next look may find it better
                log.exception("Handouts could not be delivered")
            await asyncio.sleep(SOON_SECONDS if number < SOON_LOOKS else LOOK_SECONDS)

    async def look(self) -> None:
        """Deliver where there is something new, or something was missing a while ago; tell the hub what it lacks."""
        await self._ask_desk()
        now = (await asyncio.to_thread(stamp, self.places), list(self._of_desk))
        late = time.monotonic() - self._tried > AGAIN_SECONDS
        missing = any(one.state != "delivered" for one in self.results)
        if now != self._seen or (missing and late):
            self._tried = time.monotonic()
            self.results = await asyncio.to_thread(self._deliver)
            self._seen = now
        if self.results != (self._told or []) or (self._told is None and self.places.is_dir()):
            await self._tell()

    async def _tell(self) -> None:
        if await tell_hub(self.results, os.environ):
            self._told = [Result(**vars(one)) for one in self.results]

    async def _ask_desk(self) -> None:
        """See what the desk has, now and then; a desk that is away has what it had."""
        if time.monotonic() - self._asked >= ASK_SECONDS:
            found = await asyncio.to_thread(of_desk.known, self.desk)
            if found is not None:
                self._asked, self._of_desk = time.monotonic(), found

    def _known(self) -> list[Handout]:
        """All there are. Into a folder that has one of the operator's, no other comes."""
        mounted = known(self.places)
        taken = {one.to for one in mounted}
        return [*mounted, *(one for one in self._of_desk if one.to not in taken)]

    def _deliver(self) -> list[Result]:
        return deliver(self._known(), self.home)

    async def fresh(self, name: str) -> str:
        """A fresh copy of a handout; returns its folder in the home, empty where there is no such handout.

        :raises OSError: it cannot be made.
        """
        handouts = await asyncio.to_thread(self._known)
        wanted: Handout | None = next((one for one in handouts if one.name == name), None)
        return await asyncio.to_thread(fresh, wanted, self.home) if wanted else ""


async def tell_hub(results: list[Result], environment: Mapping[str, str]) -> bool:
    """Tell the hub what is in this home; returns whether it could be told. A hub that is away is told the next time."""
    if "JUPYTERHUB_API_TOKEN" not in environment:
        return False
    return await hub_client.tell("handouts", {"handouts": [vars(one) for one in results]}, environment)
