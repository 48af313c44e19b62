"""`site/handouts.yaml`, checked: who gets what, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.schema.settings import Settings
from generator.site import reader
from generator.site.reader import SiteFile
from generator.topics.courses.site import COURSES
from generator.topics.handouts.places import Audience, audiences, each_once
from generator.topics.handouts.site import HANDOUTS, Handout, Handouts
from generator.topics.labs import labs

KEYS = "keys"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A handout, and the moment from which labs may see it; None: at once."""

    handout: Handout
    visible_at: datetime | None

    @property
    def name(self) -> str:
        """Its name."""
        return self.handout.name

    @property
    def audiences(self) -> list[Audience]:
        """Who sees it."""
        return audiences(self.handout.groups, self.handout.courses)

    def is_due(self, now: datetime) -> bool:
        """Whether labs may see it."""
        return self.visible_at is None or self.visible_at <= now


def load(settings: Settings, site: Path, known_groups: Collection[str] = ()) -> list[Known]:
    """The handouts of a deployment; none where there is no such file.

    :raises HomeroomError: everything that is wrong with it, each with line and column.
    """
    found = reader.load(site / HANDOUTS, Handouts)
    if found is None:
        return []
    file = SiteFile(site / HANDOUTS)
    raise_all(list(_faults(file, found.handouts, known_groups, settings, site)))
    return [Known(handout=one, visible_at=_moment(one.visible_from, settings.TIMEZONE)) for one in found.handouts]


def all_audiences(known: Collection[Known]) -> list[Audience]:
    """Everybody who gets something."""
    return each_once(audience for one in known for audience in one.audiences)


def unknown_courses(site: Path, known: Collection[Known], courses: Collection[str]) -> list[HomeroomError]:
    """A fault for each course that a handout is for and that is not there: nobody would get it, unseen.

    :param known: as `load` gave them.
    :param courses: the names of all that there are, also of those that were made on pages.
    """
    if not known:
        return []  # there need not be such a file
    file = SiteFile(site / HANDOUTS)
    return [
        file.error(
            ("handouts", index, "courses", place),
            f"there is no course {course}, neither in site/{COURSES} nor made on a page",
            remedy=did_you_mean(course, courses),
        )
        for index, one in enumerate(known)
        for place, course in enumerate(one.handout.courses or ())
        if course not in courses
    ]


def key_file(site: Path, name: str) -> Path:
    """A private key of the operator's."""
    return site / KEYS / name


def _faults(
    file: SiteFile, handouts: list[Handout], known_groups: Collection[str], settings: Settings, site: Path
) -> Iterator[HomeroomError]:
    names: set[str] = set()
    for index, one in enumerate(handouts):
        location = ("handouts", index)
        if one.name in names:
            cause = f"the handout {one.name} is there twice"
            yield file.error((*location, "name"), cause, remedy="Give one of them another name.")
        names.add(one.name)
        yield from labs.unknown_groups(file, (*location, "groups"), one.groups or [], known_groups)
        if one.visible_from and not _exists(one.visible_from, settings.TIMEZONE):
            cause = f"{one.visible_from:%Y-%m-%d %H:%M} is no time there: the clocks are put forward over it"
            yield file.error((*location, "visible_from"), cause, remedy="Take an hour later.")
        if one.repo and one.repo.key:
            yield from _key_faults(file, index, key_file(site, one.repo.key))


def _key_faults(file: SiteFile, index: int, key: Path) -> Iterator[HomeroomError]:
    location = ("handouts", index, "repo", "key")
    shown = f"site/{KEYS}/{key.name}"
    if not key.is_file():
        remedy = (
            f"Lay the private key there: `ssh-keygen -t ed25519 -N '' -f {shown}`; the public one goes to the server."
        )
        yield file.error(location, f"there is no key {shown}", remedy=remedy)
    elif key.stat().st_mode & 0o077:
        yield file.error(location, f"others can read the key {shown}", remedy=f"Run `chmod 0600 {shown}`.")


def _exists(moment: datetime, zone: str) -> bool:
    found = _moment(moment, zone)
    back = found.astimezone(UTC).astimezone(found.tzinfo) if found else None
    return back is None or back.replace(tzinfo=None) == moment.replace(tzinfo=None)


def _moment(moment: datetime | None, zone: str) -> datetime | None:
    return moment.replace(tzinfo=ZoneInfo(zone)) if moment and moment.tzinfo is None else moment
