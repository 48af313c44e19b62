"""Who may be in this lab beside its owner, for its page. A file beside the hub's socket tells when that changed."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeroom_lab import hub_client

STAMP = Path("/run/hub/showing")
LOOK_SECONDS = 3.0
SPREAD_SECONDS = 3.0


class ShownWatch:
    """Whom this lab is shown to.

    :param stamp: the file whose time of change tells of something new.
    """

    def __init__(self, environment: Mapping[str, str], stamp: Path = STAMP) -> None:
        self._environment = environment
        self._stamp = stamp
        self._seen: int | None = None
        self._tutor = ""
        self._ends = 0.0

    def current(self) -> dict[str, Any]:
        """The tutor, and the seconds that are left, by a clock that nobody sets; empty: nobody."""
        left = self._ends - time.monotonic()
        return {"tutor": self._tutor, "left_seconds": int(left)} if self._tutor and left > 0 else {}

    async def run(self) -> None:
        """As long as the lab runs."""
        while True:
            await self.look(random.uniform(0.0, SPREAD_SECONDS))  # noqa: S311 - of no secret
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, wait_seconds: float = 0.0) -> None:
        """Ask the hub, where something changed. A hub that is away is asked again."""
        try:
            changed = self._stamp.stat().st_mtime_ns
        except OSError:
            return
        if changed == self._seen:
            return
        await asyncio.sleep(wait_seconds)
        try:
            found = await ask(self._environment)
            self._tutor = str(found["tutor"]) if found else ""
            self._ends = time.monotonic() + (int(found["left_seconds"]) if found else 0)
            self._seen = changed
        except (OSError, ValueError, KeyError, TypeError):
            return


async def ask(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """What the hub says. :raises OSError: ValueError, KeyError and TypeError: it does not say."""
    user = quote(environment["JUPYTERHUB_USER"], safe="")
    answer = await hub_client.fetch(
        f"{environment['JUPYTERHUB_API_URL']}/homeroom/showing/{user}",
        headers={"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}"},
        raise_for_status=False,
    )
    if not answer.ok:
        raise ValueError(answer.status)
    found: dict[str, Any] | None = json.loads(await answer.text())["showing"]
    return found
