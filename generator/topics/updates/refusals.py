"""When an update is not begun: in words, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.topics.copies.last import Last
from generator.topics.prewarm.site import DAY_MINUTES, SCHEDULE, WEEK_MINUTES, Lesson
from generator.topics.updates.tree import SHOWN, Tree, Version, parts

OLDEST_COPY_HOURS = 24.0
LESSON_MINUTES = 90
"""How long a lesson is taken to last: site/schedule.yaml says when it begins."""


def of_versions(old: Version, new: Version) -> Iterator[HomeroomError]:
    """A version that is older, and one before which another has to be had."""
    if new.parts < old.parts:
        yield HomeroomError(
            f"{new.number} is older than {old.number}, which runs",
            location="TO",
            remedy="`make rollback` goes back to the version before, for 14 days after an update.",
        )
    between = [stop for stop in new.stops if old.parts < parts(stop) < new.parts]
    if between:
        first = min(between, key=parts)
        yield HomeroomError(
            f"{new.number} cannot be had from {old.number} at once: {first} must not be skipped",
            location="TO",
            remedy=f"Run `make update TO=v{first}` first, then this again.",
        )


def of_tree(tree: Tree, old: str, new: str) -> Iterator[HomeroomError]:
    """What is the operator's own outside `site/` and `.env`, which an update would lose or keep out of the images."""
    if old == new:
        yield HomeroomError(f"{new[:12]} is what runs already", location="TO", remedy="Name another version.")
    elif tree.is_before(new, old):
        yield HomeroomError(
            f"{new[:12]} is older than {old[:12]}, which runs",
            location="TO",
            remedy="`make rollback` goes back to the version before, for 14 days after an update.",
        )
    elif not tree.is_upstreams(old, new):
        yield HomeroomError(
            f"this directory has commits of your own, which {new[:12]} does not have",
            location=str(tree.root),
            remedy="Changes of yours belong into site/ and .env. Merge the new version by hand, then `make up`.",
        )
    changed = list(tree.changes(new))
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        yield HomeroomError(
            f"{counted(len(changed), 'file')} outside site/ and .env changed here: {', '.join(changed[:SHOWN])}{more}",
            location=str(tree.root),
            remedy="`git stash --include-untracked` puts them aside; what should stay belongs into site/ or .env.",
        )


def of_lessons(lessons: Sequence[Lesson], now: datetime) -> Iterator[HomeroomError]:
    """A lesson that goes on at this moment, or whose labs start now.

    :param now: in the deployment's own time zone.
    """
    for lesson in lessons:
        if takes_place(lesson, now):
            yield HomeroomError(
                f"the lesson {lesson.name} takes place now, or is about to begin",
                location=f"site/{SCHEDULE}",
                remedy=f"Run it {LESSON_MINUTES} minutes after the lesson's beginning, or in the evening.",
            )


def takes_place(lesson: Lesson, now: datetime) -> bool:
    """Whether a lesson takes place, from the first start of its labs on."""
    minute = now.weekday() * DAY_MINUTES + now.hour * 60 + now.minute
    lasts = lesson.lead_minutes + max(LESSON_MINUTES, lesson.keep_minutes)
    for begins in lesson.begins():
        since = (minute - begins) % WEEK_MINUTES
        if since < lasts:
            day = (now - timedelta(minutes=since - lesson.lead_minutes)).date()
            if (lesson.first_day or date.min) <= day <= (lesson.last_day or date.max):
                return True
    return False


def here_and_now(settings: Settings) -> datetime:
    """The time of day that the schedule is written in."""
    return datetime.now(ZoneInfo(settings.TIMEZONE))


def of_copies(last: Last, address: str, now: datetime | None = None) -> Iterator[HomeroomError]:
    """No copy that is younger than a day."""
    remedy = "Run `make backup` first; with ANYWAY=1 it is done without."
    if not address:
        yield HomeroomError("no copies are made: BACKUP_TO is not set", location=".env: BACKUP_TO", remedy=remedy)
        return
    old = last.age(now or datetime.now(UTC), address)
    if old is None:
        yield HomeroomError(f"there is no copy at {address} yet", location=".env: BACKUP_TO", remedy=remedy)
    elif not timedelta(0) <= old <= timedelta(hours=OLDEST_COPY_HOURS):
        days = old.total_seconds() / 86400
        cause = f"the last copy is {days:.1f} days old" if days > 0 else "the last copy is from the future"
        yield HomeroomError(cause, location=address, remedy=remedy)
