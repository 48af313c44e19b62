"""Who may be in this lab beside its owner, for its page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from homeroom_lab import hub_client
from homeroom_lab.stamp_watch import StampWatch

STAMP = Path("/run/hub/showing")


class ShownWatch(StampWatch):
    """Whom this lab is shown to."""

    look_seconds: ClassVar[float] = 3.0
    spread_seconds: ClassVar[float] = 3.0

    def __init__(self, environment: Mapping[str, str], stamp: Path = STAMP) -> None:
        super().__init__(environment, stamp)
        self._tutor = ""
        self._ends = 0.0

    def current(self) -> dict[str, Any]:
        """The tutor, and the seconds that are left, by a clock that nobody sets; empty: nobody."""
        left = self._ends - time.monotonic()
        return {"tutor": self._tutor, "left_seconds": int(left)} if self._tutor and left > 0 else {}

    async def take(self) -> None:
        """Ask who it is."""
        found = await ask(self._environment)
        self._tutor = str(found["tutor"]) if found else ""
        self._ends = time.monotonic() + (int(found["left_seconds"]) if found else 0)


async def ask(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """What the hub says. :raises OSError: ValueError, KeyError and TypeError: it does not say."""
    found: dict[str, Any] | None = (await hub_client.told("showing", environment))["showing"]
    return found
