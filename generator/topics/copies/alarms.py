"""What is wrong with the copies that there are, for `make status`, `make doctor` and the exit code of `make backup`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from generator.core.console import counted
from generator.core.finding import Finding, error, warning
from generator.schema.settings import Settings
from generator.timers.calendar import daily
from generator.topics.copies import last, upkeep_record
from generator.topics.copies.last import Last
from generator.topics.copies.target import LOCATION, Target
from generator.topics.copies.upkeep_record import Upkeep

WITHOUT_SCHEDULE = timedelta(days=1)
"""How often copies are expected where BACKUP_AT does not say it."""
SHOWN = 5
LATE_READING = timedelta(days=14)
NAME = "copies"
"""Of the age of the last one; other alarms have names of their own, by which the watchdog tells them apart."""


def of(settings: Settings, now: datetime) -> list[Finding]:
    """All that is wrong, by what is known."""
    return judged(settings, last.read(), upkeep_record.read(settings.BACKUP_TO), now)


def judged(settings: Settings, known: Last, kept: Upkeep, now: datetime) -> list[Finding]:
    """All that is wrong with the copies of a deployment for which some are made."""
    if not settings.BACKUP_TO:
        return []
    return [
        *of_age(known, settings.BACKUP_TO, now, interval(settings)),
        *of_place(known, settings.BACKUP_TO),
        *of_homes(known, settings.BACKUP_TO),
        *of_upkeep(kept, now),
    ]


def interval(settings: Settings) -> timedelta:
    """The longest time from one copy to the next."""
    return daily(*settings.BACKUP_AT.split(",")).longest_gap if settings.BACKUP_AT else WITHOUT_SCHEDULE


def of_age(known: Last, address: str, now: datetime, expected: timedelta) -> Iterator[Finding]:
    """No copy, one that is older than twice the time between two, one from the future, or a run that made none."""
    remedy = "`make backup` makes one."
    old = known.age(now, address)
    if old is None:
        yield warning(NAME, f"there is no copy at {address} yet", location=LOCATION, remedy=remedy)
    elif old > 2 * expected:
        cause = f"the last copy is {in_words(old)} old, though there should be one every {in_words(expected)}"
        yield error(NAME, cause, location=address, remedy=remedy)
    elif old < timedelta(0):
        cause = f"the last copy is dated {in_words(-old)} in the future: the clock is wrong now, or was then"
        yield error(NAME, cause, location="clock", remedy="Set this machine's clock right, then run `make backup`.")
    if known.failed_at:
        cause = f"the last run made no copy: {known.why}"
        yield error("last copy", cause, location=address, remedy="`make backup` tries again.")


def of_place(known: Last, address: str) -> Iterator[Finding]:
    """Copies that are not where they were made, as when a disk is not mounted."""
    place = Path(address)
    if Target(address=address).kind == "directory" and known.made_at and known.address == address:
        try:
            is_there = (place / "config").exists()
        except OSError:  # one may not look
            return
        if not is_there:
            cause = "the copies that were made there are not there now"
            yield error("place of copies", cause, location=address, remedy="Mount its disk.")


def of_homes(known: Last, address: str) -> Iterator[Finding]:
    """Homes that vanished."""
    if known.gone and known.address == address:
        more = f" and {len(known.gone) - SHOWN} more" if known.gone[SHOWN:] else ""
        are = "is" if len(known.gone) == 1 else "are"
        yield error(
            "homes",
            f"{counted(len(known.gone), 'home')} that earlier copies have {are} not there any more, and nobody "
            f"removed these people:\n{', '.join(known.gone[:SHOWN])}{more}",  # a message holds the first line alone
            location=address,
            remedy="If a disk is not mounted, mount it; `make doctor` names the people.\n"
            "Else have them start a lab, and bring files back from an earlier copy: "
            f"`make restore NAME={known.gone[0]} COPY=...`. If it is right: `make backup CONFIRM=1`.",
        )


def of_upkeep(kept: Upkeep, now: datetime) -> Iterator[Finding]:
    """Damaged data, changes that look like somebody's attack, and what keeps copies from being looked after."""
    if kept.damaged:
        cause = f"the copies are damaged: {', '.join(kept.damaged.values())}"
        remedy = "Name another place in BACKUP_TO and run `make backup`, then have that disk looked over."
        yield error(
            "damaged copies", cause, location=kept.address, remedy=f"{remedy} docs/copies.md says what can be saved."
        )
    if kept.held:
        remedy = "Look what happened to the files. If it is as it should be: `make backup CONFIRM=1`."
        yield error("changed files", f"no copy is forgotten, since {kept.held}", location=kept.address, remedy=remedy)
    if kept.fault:
        cause = f"the copies could not be looked after: {kept.fault}"
        yield warning("care for copies", cause, location=kept.address, remedy="The next `make backup` tries again.")
    if kept.read_at and now - datetime.fromisoformat(min(kept.read_at.values())) > LATE_READING:
        cause = f"a part of the copies was not read for {LATE_READING.days} days"
        yield warning(
            "reading copies", cause, location=kept.address, remedy="Each `make backup` reads one, once a day."
        )


def in_words(span: timedelta) -> str:
    """A span of time in its largest unit."""
    hours = span.total_seconds() / 3600
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 49 else f"{hours / 24:.0f} days"
