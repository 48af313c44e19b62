"""The public keys of the service that speaks with platforms by itself: it has a private key of its own, and platforms
look for all keys at one address."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from homeroom.lms import client

FRESH_SECONDS = 30.0


class ServiceKeys:
    """They, as the service said them last.

    :param seconds: the clock.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._keys: list[dict[str, Any]] = []
        self._asked = float("-inf")

    async def current(self) -> list[dict[str, Any]]:
        """Them; none where there is no such service."""
        if client.is_there() and self._seconds() - self._asked >= FRESH_SECONDS:
            self._asked = self._seconds()
            with contextlib.suppress(client.ServiceAway, client.Refused):
                self._keys = (await client.asked("GET", "/keys"))["keys"]
        return self._keys
