"""Announcements of the hub's, for the lab's page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from homeroom_lab import hub_client
from homeroom_lab.stamp_watch import StampWatch

STAMP = Path("/run/hub/announcements")


class AnnouncementWatch(StampWatch):
    """What the hub announces to this lab's user."""

    look_seconds: ClassVar[float] = 10.0
    spread_seconds: ClassVar[float] = 8.0

    def __init__(self, environment: Mapping[str, str], stamp: Path = STAMP) -> None:
        super().__init__(environment, stamp)
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

    async def take(self) -> None:
        """Ask for them."""
        self._known, self._exam = await ask(self._environment)


async def ask(environment: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """What the hub announces now, and the exam that begins soon.

    :raises OSError: ValueError, KeyError and TypeError: it does not say.
    """
    said = await hub_client.told("announcements", environment)
    exam = said.get("exam")
    announced = [
        {"id": int(one["id"]), "text": str(one["text"]), "author": str(one["author"]), "ends": int(one["ends"])}
        for one in said["announcements"]
    ]
    return announced, {"title": str(exam["title"]), "begins_at": float(exam["begins_at"])} if exam else None
