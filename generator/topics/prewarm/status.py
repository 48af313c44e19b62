"""The next lesson, for `make status`."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import datetime
from typing import Any

from generator.core.console import counted, note, quoted, warn
from generator.core.errors import HomeroomError
from generator.core.paths import SITE
from generator.engine.glance import Glance, Show, nothing
from generator.topics.prewarm import prewarm
from generator.topics.prewarm.site import SCHEDULE

ORDER = 10


def ask(glance: Glance) -> Show:
    """The next lesson and how many labs wait for their people; nothing where there is no schedule."""
    if not (glance.hub_runs and (SITE / SCHEDULE).exists()):
        return nothing
    answer = glance.pool.submit(prewarm.upcoming, glance.deployment)
    return lambda: _show(answer)


def _show(answer: Future[dict[str, Any]]) -> None:
    """The next lesson and how many labs wait for their people."""
    try:
        found = answer.result()
    except HomeroomError as error:
        warn(str(error))
        return
    lesson = found["lesson"]
    if lesson:
        begin, labs_from = (datetime.fromisoformat(lesson[name]) for name in ("begin", "labs_from"))
        when = f"{begin:%a %d %b %H:%M}, labs from {labs_from:%H:%M}"
        note(f"\n[bold]next lesson[/bold]  {quoted(lesson['name'])} ({quoted(', '.join(lesson['groups']))}), {when}")
    if lesson or found["prewarmed"]:
        note(f"{counted(found['prewarmed'], 'lab')} prewarmed: started for a lesson and not opened yet")
