"""Where handouts lie on this machine: the folder of each audience, which its labs see, and what is kept beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT, SITE
from generator.schema.settings import Settings
from generator.topics.courses.site import hub_groups

FOLDER = ROOT / "handouts"
"""Closed to everybody but the deployment's owner: what stands in it is on the way into labs, or not to be seen yet."""
SEEN_AT = "/srv/handouts"
"""Where labs see them; as in `homeroom_lab.handouts.deliver`, which a test holds equal."""
EVERYBODY = "everybody"
OF_COURSES = "c-"
"""What the names of courses' folders begin with."""
INDEX = "index.json"


@dataclass(frozen=True, kw_only=True)
class Audience:
    """Who sees the same handouts: a group's members, or a course's; everybody where both are None."""

    group: str | None = None
    course: str | None = None

    @property
    def key(self) -> str:
        """The name of its folder: groups have names that no folder may have."""
        if self.course is not None:
            return f"{OF_COURSES}{self.course}"
        return EVERYBODY if self.group is None else f"g-{hashlib.sha256(self.group.encode()).hexdigest()[:16]}"

    @property
    def shown(self) -> str:
        """As the operator reads it."""
        return f"the course {self.course}" if self.course is not None else self.group or EVERYBODY

    @property
    def groups(self) -> list[str] | None:
        """The groups whose members it is, those of the hub's for each role in a course; None: everybody."""
        if self.course is not None:
            return hub_groups(self.course)
        return None if self.group is None else [self.group]

    def folder(self, place: Path | None = None) -> Path:
        """What its labs see, and nothing that is not visible yet."""
        return (place or FOLDER).resolve() / "labs" / self.key

    def trait(self) -> dict[str, Any]:
        """As LabSpawner.handouts has it."""
        target = f"{SEEN_AT}/{self.key}"
        return {
            "name": f"handouts:{self.key}",
            "source": str(self.folder()),
            "target": target,
            "mount_target": target,
            "read_only": True,
            "groups": self.groups,
        }

    def rule(self) -> dict[str, Any]:
        """As the guard's policy has it: the folders of all courses together."""
        if self.course is not None:
            return rule_of_courses()
        return {"source": str(self.folder()), "target": f"{SEEN_AT}/{self.key}", "read_only": True}


def audiences(groups: Iterable[str] | None, courses: Iterable[str] | None = None) -> list[Audience]:
    """Who sees what is for these groups and courses: everybody where neither is said."""
    if groups is None and courses is None:
        return [Audience()]
    return each_once(
        [*(Audience(group=group) for group in groups or ()), *(Audience(course=course) for course in courses or ())]
    )


def each_once(found: Iterable[Audience]) -> list[Audience]:
    """In the order of their folders."""
    return sorted(set(found), key=lambda audience: audience.key)


def rule_of_courses(place: Path | None = None) -> dict[str, Any]:
    """As the guard's policy has the folders of all courses, also of those that come while it runs."""
    source = f"{(place or FOLDER).resolve()}/labs/{OF_COURSES}*"
    return {"source": source, "target": f"{SEEN_AT}/{OF_COURSES}*", "read_only": True}


def of_courses(place: Path | None = None) -> list[Audience]:
    """The courses that have a folder: labs can mount it, whether there is something in it or not."""
    found = (place or FOLDER).glob(f"labs/{OF_COURSES}*/")
    return sorted((Audience(course=each.name.removeprefix(OF_COURSES)) for each in found), key=lambda each: each.key)


def make(wanted: Iterable[Audience], place: Path = FOLDER) -> None:
    """Make the folders that labs mount: one that is missing would keep a lab from starting.

    :raises HomeroomError: they cannot be made.
    """
    try:
        for audience in wanted:
            place.mkdir(mode=0o700, exist_ok=True)
            for folder in (audience.folder(place).parent, audience.folder(place)):
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)
    except OSError as error:
        remedy = "Run as the user who owns the deployment."
        raise HomeroomError(f"cannot be made: {error.strerror}", location=str(place), remedy=remedy) from None


def sources(settings: Settings) -> Path:
    """The directory in which `from` is looked for."""
    return Path(settings.HANDOUTS_FROM) if settings.HANDOUTS_FROM else SITE / "handouts"
