"""`make course-ends`: which courses end when; by the clock, those whose time is over are removed for good.

A course is removed by the way of `make course-delete`, with an archive that is kept for a while, and never without
notice: so many days before, the clock has seen that it would go. While this machine's clock is doubted, nothing goes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from generator.core import json_file
from generator.core.console import counted, note, out, table, warn
from generator.core.errors import HomeroomError, raise_all
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.timers import steady
from generator.topics.terms import kept, named, removal

NOTICE_DAYS = 14
"""So long before, and from when on it is seen that a course goes, people and operator are told."""
FILE = "ends.json"
DAY_SECONDS = 86400


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A course that will be removed.

    :param purge: when, in seconds since 1970.
    """

    name: str
    purge: int


@dataclass
class Noticed:
    """What is kept from one look to the next.

    :param since: by course, its day and from when on that could be seen: `1830294000 1829000000`.
    """

    since: dict[str, str] = field(default_factory=dict)


def look(known: Noticed, found: Sequence[Ending], now: float) -> Noticed:
    """What is known after a look by the clock."""
    since = {}
    for each in found:
        before = known.since.get(each.name, "").split(" ")
        seen = before[1] if len(before) == 2 and before[0] == str(each.purge) else str(int(now))
        since[each.name] = f"{each.purge} {seen}"
    return Noticed(since=since)


def due(known: Noticed, found: Sequence[Ending], now: float) -> list[Ending]:
    """Those whose time is over, and who could be seen to go for as long as the notice is: also where the day was set
    late, or is a slip."""
    gone = []
    for each in found:
        _, _, seen = known.since.get(each.name, "").partition(" ")
        if each.purge <= now and seen and int(seen) + NOTICE_DAYS * DAY_SECONDS <= now:
            gone.append(each)
    return gone


def show(deployment: Deployment) -> None:
    """Show which courses are archived and removed when, also those that were made on pages."""
    found = {name: (each.archive, each.purge) for name, each in named.of_file(deployment.settings).items()}
    away = None
    try:
        on_pages = {name: (at.get("archive"), at.get("purge")) for name, at in made(deployment).items()}
    except HomeroomError as fault:
        on_pages, away = {}, fault
    rows = table("course", "archived", "removed")
    for name, days in sorted({**on_pages, **found}.items()):
        if any(days):
            rows.add_row(name, *("-" if at is None else day_of(at, deployment.settings) for at in days))
    if rows.row_count:
        out.print(rows)
    else:
        note("No course says when it ends: docs/courses/terms.md.")
    if away is not None:
        warn(f"Courses that were made on pages are not shown: {away.cause}. {away.remedy}")


def made(deployment: Deployment) -> dict[str, dict[str, int]]:
    """When courses end that were made on pages: `archive` and `purge` of each, as far as it says them.

    :raises HomeroomError: the hub does not answer.
    """
    found: dict[str, dict[str, int]] = kept.ask(deployment, "courses")["ends"]
    return found


def by_the_clock(deployment: Deployment, today: str = "") -> None:
    """Note which courses go, remove those whose time is over, and the archives that were kept for long enough.

    :param today: the day that the operator says it is: then the clock is believed.
    :raises HomeroomError: one cannot be removed; the others are.
    """
    doubt = steady.why_wait(today)
    with removal.alone(deployment):
        known_here = named.of_file(deployment.settings)
        found = endings(known_here, {name: at["purge"] for name, at in made(deployment).items() if "purge" in at})
        now = time.time()
        if doubt:
            if any(each.purge <= now for each in found):
                day = f"{datetime.fromtimestamp(now):%Y-%m-%d}"
                warn(
                    f"No course is removed now, for this machine's clock may be wrong: {doubt}. Once it has gone on "
                    f"for a day, the next run goes by it; `make course-ends TODAY={day}` says that it is right."
                )
            return
        known = look(read(), found, now)
        _write(known)
        faults = []
        for each in due(known, found, now):
            try:
                there = kept.look(deployment, each.name)
                if there.is_something:
                    removal.remove(deployment, there, "its time was over", without_copy=False)
            except HomeroomError as fault:
                faults.append(fault)
        if gone := removal.forget_copies(deployment.settings.RETENTION_DAYS, now):
            note(f"{counted(len(gone), 'archive')} of removed courses expired.")
        raise_all(faults)


def endings(known: Mapping[str, named.Named], made: Mapping[str, int] | None = None) -> list[Ending]:
    """The courses that will be removed, the first ones first.

    :param made: when those are over that were made on pages; of one that the file has, the file says it.
    """
    days = {**(made or {}), **{name: each.purge for name, each in known.items()}}
    found = [Ending(name=name, purge=purge) for name, purge in days.items() if purge is not None]
    return sorted(found, key=lambda each: (each.purge, each.name))


def read() -> Noticed:
    """What was known after the last look."""
    return json_file.read(removal.FOLDER / FILE, Noticed)


def _write(known: Noticed) -> None:
    json_file.write(removal.FOLDER / FILE, known)


def day_of(at: int, settings: Settings) -> str:
    """The day of a moment, on the clocks of TIMEZONE, which need not be this machine's."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(settings.TIMEZONE)):%Y-%m-%d}"
