"""An update that was cut off, and until when there is a way back, for `make status`."""

from __future__ import annotations

from datetime import UTC, datetime

from generator.core.console import note, warn
from generator.engine.glance import Glance, Show
from generator.topics.updates import record
from generator.topics.updates.record import KEPT, Update

ORDER = 70


def ask(glance: Glance) -> Show:
    """What is known of the last update."""
    return lambda: _show(record.read(record.FOLDER), record.read(record.FOLDER, KEPT), datetime.now(UTC))


def _show(under_way: Update | None, kept: Update | None, now: datetime) -> None:
    if under_way is not None:
        which = "A refresh" if under_way.is_refresh else f"An update to {under_way.after}"
        warn(f"{which} is under way, or was cut off: `make up` ends it.")
    if kept is not None and not kept.is_over(now):
        note(
            f"Updated to {kept.new_version} ({kept.new[:12]}) on {kept.done_at[:10]}; "
            f"`make rollback` goes back until {kept.until:%Y-%m-%d}."
        )
