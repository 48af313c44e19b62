"""How old the last copy is, for `make status`."""

from __future__ import annotations

from datetime import datetime

from generator.core.console import note, quoted, warn
from generator.core.finding import in_units
from generator.engine.glance import Glance, Show
from generator.topics.copies import last, sheet
from generator.topics.copies.last import Last

ORDER = 60
OLD_HOURS = 26
"""From which age on the last copy of a daily schedule is late."""


def ask(glance: Glance) -> Show:
    """When the last copy was made, and whether one has failed since."""
    settings = glance.deployment.settings
    return lambda: _show(last.read(), settings.BACKUP_TO, glance.now, sheet_is_kept=sheet.is_kept(settings))


def _show(known: Last, address: str, now: datetime, *, sheet_is_kept: bool = True) -> None:
    if not address:
        warn("No copies are made: BACKUP_TO is not set (docs/copies.md).")
        return
    hours = known.age_hours(now)
    if hours is None or known.address != address:
        warn(f"There is no copy at {quoted(address)} yet: `make backup` makes one.")
    else:
        words = f"The last copy is {in_words(hours)} old, of {known.files} files ({in_units(known.size_bytes)})."
        (warn if hours > OLD_HOURS or hours < 0 else note)(words)
        if not sheet_is_kept:
            warn(sheet.NAG)
    if known.failed_at:
        warn(f"The last run made no copy: {quoted(known.why)}. `make backup` tries again.")


def in_words(hours: float) -> str:
    """An age in its largest unit; a copy from the future, after the clock was set back, is told as that."""
    if hours < 0:
        return "from the future, so the clock is wrong now or was then; less than 0 h"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
