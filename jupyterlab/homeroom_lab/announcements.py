"""Announcements of the hub's, for the lab's page. A file beside the hub's socket tells when there is something new, so
a lab asks seldom, and all labs not at the same moment."""

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

STAMP = Path("/run/hub/announcements")
LOOK_SECONDS = 10.0
SPREAD_SECONDS = 8.0


class AnnouncementWatch:
    """What the hub announces to this lab's user.

    :param stamp: the file whose time of change tells of something new.
    """

    def __init__(self, environment: Mapping[str, str], stamp: Path = STAMP) -> None:
        self._environment = environment
        self._stamp = stamp
        self._seen: int | None = None
        self._known: list[dict[str, Any]] = []
        self._exam: dict[str, Any] | None = None

    def current(self) -> list[dict[str, Any]]:
        """Those that have not ended."""
        return [each for each in self._known if each["ends"] > time.time()]

    def exam(self) -> dict[str, Any] | None:
        """The exam for which this lab is stopped within minutes, and the seconds until then; None: there is none."""
        if self._exam is None or self._exam["begins_at"] <= time.time():
            return None
        return {"title": self._exam["title"], "begins_in_seconds": self._exam["begins_at"] - time.time()}

    async def run(self) -> None:
        """As long as the lab runs."""
        while True:
            await self.look(random.uniform(0.0, SPREAD_SECONDS))  # noqa: S311 - of no secret
            await asyncio.sleep(LOOK_SECONDS)

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
            self._known, self._exam = await ask(self._environment)
            self._seen = changed
        except (OSError, ValueError, KeyError, TypeError):
            return


async def ask(environment: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """What the hub announces now, and the exam that begins soon.

    :raises OSError: ValueError, KeyError and TypeError: it does not say.
    """
    user = quote(environment["JUPYTERHUB_USER"], safe="")
    answer = await hub_client.fetch(
        f"{environment['JUPYTERHUB_API_URL']}/homeroom/announcements/{user}",
        headers={"Authorization": f"token {environment['JUPYTERHUB_API_TOKEN']}"},
        raise_for_status=False,
    )
    if not answer.ok:
        raise ValueError(answer.status)
    said = json.loads(await answer.text())
    exam = said.get("exam")
    announced = [
        {"id": int(one["id"]), "text": str(one["text"]), "author": str(one["author"]), "ends": int(one["ends"])}
        for one in said["announcements"]
    ]
    return announced, {"title": str(exam["title"]), "begins_at": float(exam["begins_at"])} if exam else None
