"""Exams of `site/courses.yaml`: what is wrong with them, and what the hub is told."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.errors import HomeroomError, did_you_mean
from generator.site.reader import Location, SiteFile
from generator.topics.courses import moments
from generator.topics.courses.same_names import same_names
from generator.topics.courses.site import Course, Exam
from generator.topics.storage import homes

FOLDER = "exams"


def begins(exam: Exam, zone: ZoneInfo) -> int:
    """When it begins, in seconds since 1970."""
    found = moments.begins(exam.opens, zone)
    assert found is not None
    return found


def faults(
    file: SiteFile, location: Location, course: Course, zone: ZoneInfo, site: Path, profiles: Collection[str]
) -> Iterator[HomeroomError]:
    """Names that are there twice, times that cannot be, profiles and folders that are not there."""
    at = (*location, "exams")
    yield from same_names(file, at, [exam.name for exam in course.exams], "exam")
    taken = {assignment.name.lower() for assignment in course.assignments}
    for index, exam in enumerate(course.exams):
        here = (*at, index)
        if exam.name.lower() in taken:
            cause = f"{exam.name} is the name of an assignment, too"
            yield file.error((*here, "name"), cause, remedy="Give one of them another name: both are handed in by it.")
        if moments.is_skipped(exam.opens, zone):
            cause = f"opens: no clock in {zone.key} shows this time, it is put forward then"
            yield file.error((*here, "opens"), cause, remedy="Take a time an hour later.")
        if exam.profile is not None and exam.profile not in profiles:
            cause = f"there is no profile {exam.profile}"
            yield file.error((*here, "profile"), cause, remedy=did_you_mean(exam.profile, profiles))
        if exam.start_files is not None:
            yield from _folder_faults(file, (*here, "start_files"), exam.start_files, site / FOLDER)
    yield from _overlaps(file, at, course, zone)


def _folder_faults(file: SiteFile, at: Location, name: str, folders: Path) -> Iterator[HomeroomError]:
    folder = folders / name
    if not folder.exists():
        known = sorted(each.name for each in folders.iterdir() if each.is_dir()) if folders.is_dir() else []
        remedy = did_you_mean(name, known, f"Put what everybody begins with there, as site/{FOLDER}/{name}.")
        yield file.error(at, f"there is no such folder: {folder}", remedy=remedy)
        return
    for fault in homes.skeleton_faults(folder):
        yield file.error(at, f"site/{FOLDER}/{name}: {fault.cause}", remedy=fault.remedy)


def _overlaps(file: SiteFile, at: Location, course: Course, zone: ZoneInfo) -> Iterator[HomeroomError]:
    """Exams of one course at the same time: nobody sits two."""
    order = sorted((begins(exam, zone), index) for index, exam in enumerate(course.exams))
    for (first, one), (then, other) in itertools.pairwise(order):
        if then < first + 60 * course.exams[one].minutes:
            cause = f"{course.exams[other].name} begins before {course.exams[one].name} is over"
            yield file.error((*at, other, "opens"), cause, remedy="Give one of them another time.")


def as_data(exam: Exam, course: Course, zone: ZoneInfo) -> dict[str, Any]:
    """An exam as the hub is told."""
    return {
        "name": exam.name,
        "title": exam.title or exam.name,
        "opens": begins(exam, zone),
        "seconds": 60 * exam.minutes,
        "extra_seconds": exam.extra_time,
        "profile": exam.profile or course.profile or "",
        "network": exam.network,
        "start_files": exam.start_files or "",
        "browser_keys": [key.lower() for key in exam.safe_exam_browser],
    }
