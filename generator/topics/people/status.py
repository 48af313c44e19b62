"""Who was removed and whose files are still here, for `make status`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from time import time
from typing import Any

from generator.core.console import counted, note, quoted, warn
from generator.core.errors import HomeroomError
from generator.engine.glance import Glance, Show, nothing
from generator.topics.people import removal

ORDER = 45
SHOWN = 5


def ask(glance: Glance) -> Show:
    """How many they are, and when the next one's files go."""
    if not glance.hub_runs:
        return nothing
    answer = glance.pool.submit(removal.ask, glance.deployment, "removed")
    return lambda: _show(answer, glance.deployment.settings.RETENTION_DAYS)


def _show(answer: Future[dict[str, Any]], days: int) -> None:
    try:
        found = answer.result()["removed"]
    except HomeroomError as error:
        warn(str(error))
        return
    if words := told(found, days):
        note(words)
    if late := removal.due(found, time(), days):
        warn(f"Files of {counted(len(late), 'person')} are due to be removed for good: `make purge-removed` does it.")


def told(removed: Sequence[Mapping[str, Any]], days: int) -> str:
    """In words; nothing where nobody's files wait."""
    kept = sorted(
        (one for one in removed if not (one["purged"] or one["going"])), key=lambda one: (one["at"], one["name"])
    )
    if not kept:
        return ""
    rows = [f"{quoted(one['name'])} {removal.until(one['at'], days)}" for one in kept[:SHOWN]]
    more = f" and {len(kept) - SHOWN} more" if len(kept) > SHOWN else ""
    return f"Removed, files kept for now: {counted(len(kept), 'home')}; kept until: {', '.join(rows)}{more}"
