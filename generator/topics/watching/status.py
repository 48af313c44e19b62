"""What is free on the disks and until when, and whether somebody watches, for `make status`."""

from __future__ import annotations

from datetime import datetime

from rich.markup import escape

from generator.core.console import note, plain, warn
from generator.engine.glance import Glance, Show
from generator.engine.watched import Watched
from generator.topics.watching import disks, state
from generator.topics.watching.state import State
from generator.topics.watching.timers import MINUTES, is_watched

ORDER = 70
LATE_ROUNDS = 4


def ask(glance: Glance) -> Show:
    """The disks, faults that are known, and when the last round was."""
    known = state.read()
    deployment, now = glance.deployment, glance.now.astimezone()
    watched = Watched(settings=deployment.settings, deployment=deployment, now=now, memory=known.memory)
    found = glance.pool.submit(disks.look, watched)
    return lambda: _show(known, found.result(), now, is_expected=is_watched(deployment.settings))


def _show(known: State, found: list[disks.Disk], now: datetime, *, is_expected: bool) -> None:
    for disk in found:
        (warn if disk.fault(now) else note)(f"{disk.name}: {disk.in_words(now)}")
    if not is_expected and not known.round_at:
        return
    minutes = (now.timestamp() - known.round_at) / 60
    if not known.round_at:
        warn("The watchdog has not looked yet: `make watch` has it look now.")
    elif minutes > LATE_ROUNDS * MINUTES:
        warn(f"The watchdog looked last {minutes:.0f} min ago. `make timers` shows whether it is run by the clock.")
    for fault in known.open_faults():
        since = f"{datetime.fromtimestamp(fault.since, now.tzinfo):%a %d %b %H:%M}"
        if fault.seen < known.round_at:  # told to be over once it was gone for a while
            note(f"Gone at the last look, since {since} it was: {escape(plain(fault.line))}")
        else:
            warn(f"Since {since}: {plain(fault.line)}")
