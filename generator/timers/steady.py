"""Whether the machine's clock can be believed, before anything is removed for good since its time is over.

Each run by the clock looks at it, and so does each verb that goes by it. Within one start of the machine the kernel
counts how long it runs, whatever the clock says: there a clock that was set is seen at once. Across a start of the
machine nobody knows: it was off, or its clock was set.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from generator.core import json_file
from generator.core.console import warn
from generator.core.errors import HomeroomError
from generator.timers.runs import FOLDER

FILE = FOLDER / "clock.json"
BOOT = Path("/proc/sys/kernel/random/boot_id")
MOST_MOVED_SECONDS = 3 * 86400
PATIENCE_SECONDS = 20 * 3600
"""So long a clock that moved has to go on by itself: less than a day, so that what runs daily goes by it the next time.
"""


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A look at the clock.

    :param at: what it says, in seconds.
    :param boot: which start of the machine this is.
    :param up: how long it runs since then, in seconds.
    """

    at: float = 0.0
    boot: str = ""
    up: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Known(Moment):
    """The last look, and what the looks before it came to.

    :param since: from when on the clock goes on by itself, by this clock.
    :param why: what was odd then, in words.
    :param was_set: it was seen to be set; else it may be that the machine was off.
    :param believed: the latest time at which the clock was believed.
    """

    since: float = 0.0
    why: str = ""
    was_set: bool = False
    believed: float = 0.0

    @property
    def is_believed(self) -> bool:
        """Whether the clock has gone on by itself for long enough."""
        return bool(self.at) and self.at - self.since >= PATIENCE_SECONDS

    @property
    def doubt(self) -> str:
        """Why the clock is not believed yet, in words; empty: it is."""
        return "" if self.is_believed else self.why or "nobody has looked at the clock yet"

    @property
    def removed_at(self) -> float:
        """The time that somebody's removal is noted with: a clock that was set back shortens nobody's time."""
        return max(self.at, self.believed)


def look(known: Known, now: Moment) -> Known:
    """What is known after a look."""
    if not known.at:
        return Known(**vars(now), since=now.at, why="nobody has looked at the clock before")
    is_same = bool(now.boot) and now.boot == known.boot and now.up >= known.up
    moved = now.at - known.at - (now.up - known.up if is_same else 0.0)
    if abs(moved) > MOST_MOVED_SECONDS:
        days = f"{abs(moved) / 86400:.0f} days"
        way = "forward" if moved > 0 else "back"
        why = (
            f"the clock was set {way} by {days}"
            if is_same
            else f"the machine was off for {days}, or its clock was set forward"
            if moved > 0
            else f"the clock is {days} earlier than when it was looked at last"
        )
        fresh = Known(**vars(now), since=now.at, why=why, was_set=is_same or moved < 0, believed=known.believed)
    else:
        # What it was set by is no time in which it went on.
        fresh = replace(known, **vars(now), since=known.since + (moved if is_same else 0.0))
    return replace(fresh, believed=fresh.at) if fresh.is_believed else fresh


def moment() -> Moment:
    """Now."""
    try:
        boot = BOOT.read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return Moment(at=time.time(), boot=boot, up=time.clock_gettime(time.CLOCK_BOOTTIME))


def note() -> Known:
    """Look at the clock, and keep what is known of it. Where that cannot be written, as on a full disk, it is told and
    nothing else: what is to be done, such as locking somebody out, does not wait for it."""
    found = look(read(), moment())
    try:
        FILE.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        json_file.write(FILE, found)
    except (OSError, HomeroomError) as error:
        warn(f"What the clock shows cannot be kept: {error}")
    return found


def read() -> Known:
    """What the last look came to."""
    return json_file.read(FILE, Known)


def why_wait(today: str = "") -> str:
    """Why nothing is removed now since its time is over, in words; empty: it is.

    :param today: the day that the operator says it is, in ISO 8601; empty: nothing is said.
    :raises HomeroomError: it is another day by this machine's clock.
    """
    found = note()
    by_clock = f"{datetime.fromtimestamp(found.at):%Y-%m-%d}"
    if not today:
        return found.doubt
    if today != by_clock:
        raise HomeroomError(
            f"it is {by_clock} by this machine's clock, not {today}; nothing was removed",
            location="TODAY",
            remedy="Set the clock (`make check` says how), or give the day as 2026-11-27.",
        )
    return ""
