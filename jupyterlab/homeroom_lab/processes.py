"""Programs that use the CPU: a user who has one running uses their lab, whether it prints anything or not.

Each process counts by itself, with the children that it has waited for: a script that calls a short program again and
again is seen too. The server is left out, since it works for an open page; so a kernel in which nothing runs, of which
there may be many, never adds up to use. Measured: such a kernel uses no hundredth of a second in a minute.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

LEAST_SHARE = 0.02
"""Of one CPU, over the time between two looks."""
LEAST_SECONDS = 0.1
LOOKED_EVERY_SECONDS = 2.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

Process = tuple[int, int]
"""A process's number and the tick at which it started: numbers are given again."""


def cpu_seconds(of: Path = Path("/proc")) -> dict[Process, float]:
    """What every process of the lab but this one has used so far, with the children that it waited for."""
    found = {}
    for path in of.glob("[0-9]*/stat"):
        try:
            pid, rest = int(path.parent.name), path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        except OSError:  # it has ended meanwhile
            continue
        fields = rest.split()  # from the third one on: man proc_pid_stat
        if pid != os.getpid():
            found[pid, int(fields[19])] = sum(map(int, fields[11:15])) / TICKS_PER_SECOND
    return found


def are_used(before: Mapping[Process, float], now: Mapping[Process, float], *, within_seconds: float) -> bool:
    """Whether any process used the CPU between two looks."""
    enough = max(LEAST_SHARE * within_seconds, LEAST_SECONDS)
    return any(seconds - before.get(process, 0.0) >= enough for process, seconds in now.items())


class Watch:
    """Looks at the lab's processes when asked, at most every LOOKED_EVERY_SECONDS."""

    def __init__(self) -> None:
        self._looked_at = time.monotonic()
        self._used_at: float | None = None
        self._seconds = cpu_seconds()

    def idle_seconds(self) -> float | None:
        """For how long no program has used the CPU; None: none has since the watch began."""
        now = time.monotonic()
        if now - self._looked_at >= LOOKED_EVERY_SECONDS:
            seconds = cpu_seconds()
            if are_used(self._seconds, seconds, within_seconds=now - self._looked_at):
                self._used_at = now
            self._looked_at, self._seconds = now, seconds
        return None if self._used_at is None else now - self._used_at
