"""By the clock: people of groups that end are told and leave; files of those who were removed go once their time is
over, and so do logs."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.timers.calendar import daily
from generator.timers.timer import Timer
from generator.topics.people import leaving


def timers(settings: Settings) -> Iterator[Timer]:
    """Once a day at PURGE_AT; at GROUP_END_AT, where a group ends; and at LOG_END_AT, where logs have an age. What it
    makes anew is away for seconds, so a run that was missed is none for the day."""
    if settings.GROUP_END_AT and a_group_ends():
        title = "Tell people of groups that end, and remove them after the last day"
        yield Timer(name="group-ends", title=title, at=daily(settings.GROUP_END_AT), verb=("group-ends", "--clock=1"))
    if settings.PURGE_AT:
        title = "Remove files of people who left long ago"
        yield Timer(name="purge-removed", title=title, at=daily(settings.PURGE_AT), verb=("purge-removed",))
    if settings.LOG_END_AT and settings.LOG_DAYS:
        title, at = "Have logs go that are old", daily(settings.LOG_END_AT)
        yield Timer(name="expire-logs", title=title, at=at, verb=("expire-logs",), catches_up=False)


def a_group_ends() -> bool:
    """Whether one does; not where the file cannot be read, which `make check` tells, and not each look at the clock."""
    try:
        return any(rule.ends for rule in leaving.rules().values())
    except HomeroomError:
        return False
