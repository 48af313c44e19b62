"""What the watchdog and the letter say of groups that end."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.console import counted
from generator.core.finding import Finding, warning
from generator.engine.watched import Watched
from generator.topics.people import ends, leaving

ORDER = 45


def faults(_: Watched) -> Iterator[Finding]:
    """People whose last day is over, and who wait for the operator's word."""
    if waiting := leaving.read().waiting:
        remedy = "`make group-ends` shows who it is, and how to say that it is meant."
        yield warning("groups that end", waiting, location="site/groups.yaml", remedy=remedy)


def letter(watched: Watched) -> Iterator[str]:
    """The groups that end soon, the next one first."""
    today = watched.now.astimezone().date()
    longest = max(ends.notice_days(watched.settings.GROUP_END_NOTICE_DAYS))
    for day, name in sorted((rule.ends, name) for name, rule in leaving.rules().items() if rule.ends):
        if 0 <= (left := (day - today).days) <= longest:
            yield f"Group {name}: its last day is {day}, in {counted(left, 'day')}; `make group-ends` has more."
