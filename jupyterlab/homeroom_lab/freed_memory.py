"""Memory that the server has freed goes back to the lab after each large piece of work.

Python and the C library keep what they have freed for themselves: after a large notebook that was opened and exported,
many times its size, for as long as the server runs. Nothing else in the lab could use it; a PDF was never ready there.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

LARGE_BYTES = 32 * 2**20
"""By how much the server has grown before it looks for what it may give back; that takes 0.1 to 0.3 s."""
SENT_AFTER_SECONDS = 1
"""By then nearly every answer has been sent, and is no longer in memory."""
LATER_SECONDS = (5, 20, 60)
"""When it is looked at again where one had not been: by a slow line, or on a machine that has much to do."""
STATM = Path("/proc/self/statm")


def held_bytes(statm: Path = STATM) -> int:
    """How much memory this process holds, files aside; 0 where the system does not tell."""
    try:
        _, resident, shared, *_ = statm.read_text(encoding="ascii").split()
        return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def give_back() -> None:
    """Give the system the memory that the server freed and has kept."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # a C library other than glibc keeps less
        ctypes.CDLL(None).malloc_trim(0)


class FreedMemory:
    """Gives memory back when this process has grown by much since it last did, or began."""

    def __init__(self, held: Callable[[], int] = held_bytes, give: Callable[[], None] = give_back) -> None:
        self._held = held
        self._give = give
        self._before_bytes = held()

    def look(self) -> bool:
        """Look once whether the process has grown. What is still in use then counts from now on as what it needs.

        :returns: whether it has grown by much all the same: an answer that is still being sent is in memory.
        """
        held, before = self._held(), self._before_bytes
        if held - before <= LARGE_BYTES:
            self._before_bytes = min(before, held)
            return False
        self._give()
        self._before_bytes = self._held()
        return self._before_bytes - before > LARGE_BYTES

    def look_later(self) -> None:
        """Give back what was in use when it was looked at, and is not any more."""
        self._give()
        self._before_bytes = min(self._before_bytes, self._held())


def install(web_app: Any) -> None:
    """Have a server look after each request, and some time after those that left much in use."""
    log, memory = web_app.log_request, FreedMemory()

    def look(loop: asyncio.AbstractEventLoop) -> None:
        if memory.look():
            for seconds in LATER_SECONDS:
                loop.call_later(seconds, memory.look_later)

    def log_and_look(handler: Any) -> None:
        log(handler)
        loop = asyncio.get_running_loop()
        loop.call_later(SENT_AFTER_SECONDS, look, loop)

    web_app.log_request = log_and_look  # the setting `log_function` is JupyterHub's, which sets it later
