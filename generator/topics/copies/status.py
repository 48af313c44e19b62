"""How old the last copy is and what is wrong with those that there are, for `make status`."""

from __future__ import annotations

from datetime import datetime, timedelta

from generator.core.console import note, warn
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.engine.glance import Glance, Show
from generator.schema.settings import Settings
from generator.topics.copies import alarms, last, moved, sheet, upkeep_record
from generator.topics.copies.alarms import in_words
from generator.topics.copies.last import Last
from generator.topics.copies.upkeep import SLICES
from generator.topics.copies.upkeep_record import Upkeep

ORDER = 60


def ask(glance: Glance) -> Show:
    """When the last copy was made, whether one has failed since, and what is wrong with the copies."""
    settings = glance.deployment.settings
    kept = upkeep_record.read(settings.BACKUP_TO)
    if moved.read().state:
        return _show_move
    return lambda: _show(settings, last.read(), kept, glance.now, sheet_is_kept=sheet.is_kept(settings))


def _show_move() -> None:
    try:
        moved.require_here()
    except HomeroomError as told:
        warn(f"{told.cause}.\n  {told.remedy}")


def _show(settings: Settings, known: Last, kept: Upkeep, now: datetime, *, sheet_is_kept: bool = True) -> None:
    if not settings.BACKUP_TO:
        warn("No copies are made: BACKUP_TO is not set (docs/copies.md).")
        return
    old = known.age(now, settings.BACKUP_TO)
    if old is not None:
        if old >= timedelta(0):
            note(f"The last copy is {in_words(old)} old, of {known.files} files ({in_units(known.size_bytes)}).")
        _show_upkeep(kept)
        if not sheet_is_kept:
            warn(sheet.NAG)
    for each in alarms.judged(settings, known, kept, now):
        warn(f"{each.location}: {each.cause}\n  {each.remedy}")


def _show_upkeep(kept: Upkeep) -> None:
    if kept.read_at:
        oldest = min(kept.read_at.values())[:10]
        read = (
            f"all was read since {oldest}" if len(kept.read_at) == SLICES else f"{len(kept.read_at)} of {SLICES} parts"
        )
        note(f"Read and compared: {read}; {'DAMAGED' if kept.damaged else 'nothing wrong'}.")
    if kept.only_adds:
        note("Their place lets nothing be removed: old ones are forgotten from its side (docs/copies.md).")
