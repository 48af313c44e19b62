"""When classes meet: the operator's `site/schedule.yaml`, so that their labs run before they come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.core.console import counted
from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.core.finding import Finding, in_units, warning
from generator.site import reader
from generator.site.reader import SiteFile
from generator.topics.labs.labs import LabsConfig
from generator.topics.labs.site import GROUPS
from generator.topics.prewarm.site import SCHEDULE, Lesson, Schedule


def load(site: Path, known: LabsConfig) -> list[Lesson]:
    """The lessons of a deployment; none where there is no such file.

    :raises HomeroomError: everything that is wrong with it, each with line and column.
    """
    schedule = reader.load(site / SCHEDULE, Schedule)
    if schedule is None:
        return []
    raise_all(list(_faults(SiteFile(site / SCHEDULE), schedule.lessons, known)))
    return schedule.lessons


def _faults(file: SiteFile, lessons: list[Lesson], known: LabsConfig) -> Iterator[HomeroomError]:
    names: set[str] = set()
    profiles = {profile["name"]: profile for profile in known.profiles}
    for index, lesson in enumerate(lessons):
        location = ("lessons", index)
        if lesson.name in names:
            cause = f"the lesson {lesson.name} is there twice"
            yield file.error((*location, "name"), cause, remedy="Give one of them another name.")
        names.add(lesson.name)
        for position, group in enumerate(lesson.groups):
            if group not in known.groups:
                meant = did_you_mean(group, known.groups)
                remedy = f"{meant} A group that only the hub has: `{group}: {{}}` in site/{GROUPS}."
                yield file.error((*location, "groups", position), f"there is no group {group}", remedy=remedy)
        if lesson.profile is not None and lesson.profile not in profiles:
            cause = f"there is no profile {lesson.profile}"
            yield file.error((*location, "profile"), cause, remedy=did_you_mean(lesson.profile, profiles))
        elif lesson.profile is not None and profiles[lesson.profile]["gpus"]:
            cause = f"labs of {lesson.profile} hold a GPU, which would keep others waiting before the lesson"
            yield file.error(
                (*location, "profile"), cause, remedy="Name a profile without GPUs, or leave the lesson out."
            )
        if lesson.first_day and lesson.last_day and lesson.first_day > lesson.last_day:
            cause = f"the last day is before the first, {lesson.first_day}"
            yield file.error((*location, "last_day"), cause, remedy="Change one of the two.")
        elif not lesson.takes_place():
            cause = f"none of {', '.join(lesson.days)} lies between the first and the last day"
            yield file.error((*location, "days"), cause, remedy="Change the days, or the first or last day.")


def findings(lessons: list[Lesson], known: LabsConfig) -> Iterator[Finding]:
    """A warning for each lesson whose labs do not fit into the labs' memory and CPUs, together with those of lessons
    at the same time. People of the hub's own groups are not known here and come on top."""
    told: set[frozenset[str]] = set()
    for lesson in lessons:
        together = [other for other in lessons if other.meets(lesson)]
        names = frozenset(other.name for other in together)
        needs = {person: need for other in together for person, need in _needs(other, known).items()}
        memory, cpus = (sum(need[part] for need in needs.values()) for part in (0, 1))
        if names in told or (memory <= known.memory_bytes and known.has_cpus_for(cpus)):
            continue
        told.add(names)
        short = (
            f"{in_units(memory)} of memory, and labs may have {in_units(known.memory_bytes)}"
            if memory > known.memory_bytes
            else f"{cpus:g} CPUs, and labs may have {known.cpus:g}"
        )
        yield warning(
            "schedule",
            f"not all labs fit at once: {counted(len(needs), 'lab')} need {short}; the others wait in the queue",
            location=f"site/{SCHEDULE}: {', '.join(sorted(names))}",
            remedy="Lower the profile's memory and cpus, raise TOTAL_LAB_MEMORY and TOTAL_LAB_CPUS, or meet apart.",
        )


def _needs(lesson: Lesson, known: LabsConfig) -> dict[str, tuple[int, float]]:
    """Memory in bytes and CPUs that each user's lab reserves in a lesson; a group's limit replaces the profile's."""
    profile = known.profile(lesson.profile)
    people = {person for group in lesson.groups for person in known.groups[group]["members"]}
    return {
        person: (_limit(person, "memory_bytes", profile, known), _limit(person, "cpus", profile, known))
        for person in people
    }


def _limit(person: str, name: str, profile: dict[str, Any], known: LabsConfig) -> Any:
    given = [group[name] for group in known.groups.values() if person in group["members"] and group[name] is not None]
    return max(given, default=profile[name])


def as_data(lesson: Lesson) -> dict[str, Any]:
    """A lesson as the hub's service is told."""
    return {
        "name": lesson.name,
        "groups": lesson.groups,
        "days": lesson.days,
        "at": f"{lesson.at // 60:02}:{lesson.at % 60:02}",
        "lead_seconds": 60 * lesson.lead_minutes,
        "keep_seconds": 60 * lesson.keep_minutes,
        "profile": lesson.profile or "",
        "first_day": lesson.first_day.isoformat() if lesson.first_day else None,
        "last_day": lesson.last_day.isoformat() if lesson.last_day else None,
    }
