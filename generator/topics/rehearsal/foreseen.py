"""What would fail in an exam, as far as it can be seen beforehand: pure decisions on what `site/` and `.env` say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.console import counted
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import Finding, error, in_units, warning
from generator.topics.courses import exams
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.site import COURSES, Exam
from generator.topics.labs.labs import LabsConfig

MARGIN_SECONDS = 600
"""Whoever finds a fault later than this before an exam has no time to mend it."""


def chosen(
    courses: Sequence[ReadCourse], course: str, exam: str, zone: ZoneInfo, now: float
) -> tuple[ReadCourse, Exam]:
    """The course and the exam that are meant.

    :param exam: its name; empty: the next one that is not over.
    :raises HomeroomError: there is none.
    """
    named = {each.course.name: each for each in courses}
    if course not in named:
        otherwise = f"Name one of site/{COURSES}, or one of a page: `make course-rehearse COURSE=biology`."
        remedy = did_you_mean(course, named, otherwise)
        raise HomeroomError(
            f"there is no course {course!r}" if course else "which course?", location="COURSE", remedy=remedy
        )
    found = named[course]
    known = {each.name: each for each in found.course.exams}
    if exam:
        if exam not in known:
            remedy = did_you_mean(exam, known, "" if known else f"{course} has no exams.")
            raise HomeroomError(f"{course} has no exam {exam}", location="EXAM", remedy=remedy)
        return found, known[exam]
    ahead = sorted(
        (each for each in known.values() if _ends(each, zone) > now), key=lambda each: exams.begins(each, zone)
    )
    if not ahead:
        remedy = (
            f"Write it into site/{COURSES}, below exams, or make it on the course's page; "
            f"EXAM={next(iter(known), 'final')} rehearses one that is over."
        )
        raise HomeroomError(f"{course} has no exam that is still to come", location="EXAM", remedy=remedy)
    return found, ahead[0]


def profile_of(read: ReadCourse, exam: Exam, known: LabsConfig) -> dict[str, Any]:
    """The profile of an exam's labs."""
    return known.profile(exam.profile or read.course.profile)


def room_for(profile: dict[str, Any], known: LabsConfig) -> int | None:
    """How many such labs may run at once; None: as many as one likes."""
    by_memory = known.memory_bytes // profile["memory_bytes"] if known.memory_bytes else None
    by_cpus = int(known.cpus / profile["cpus"] + 1e-9) if known.cpus and profile["cpus"] else None
    rooms = [each for each in (by_memory, by_cpus) if each is not None]
    return min(rooms) if rooms else None


def spare(profile: dict[str, Any], known: LabsConfig, taken_bytes: int) -> int | None:
    """How many such labs have room beside those that run; None: as many as one likes."""
    return max(0, known.memory_bytes - taken_bytes) // profile["memory_bytes"] if known.memory_bytes else None


def findings(read: ReadCourse, exam: Exam, known: LabsConfig, zone: ZoneInfo, now: float) -> Iterator[Finding]:
    """What is wrong, or hardly meant."""
    course, location = read.course, f"{read.where}, {exam.name}"
    students, begins = len(read.named["students"]), exams.begins(exam, zone)
    more = " at least" if course.students.groups or course.lti is not None else ""
    if not students and not more:
        yield error(
            "students", "nobody sits it", location=location, remedy="Name students, by people, groups or roster."
        )
    profile = profile_of(read, exam, known)
    room = room_for(profile, known)
    if room is not None and students > room:
        yield error(
            "room",
            f"{counted(students, 'student')}{more} sit it, and {counted(room, 'lab')} of {profile['name']} "
            f"({in_units(profile['memory_bytes'])}) fit at once: {students - room} would wait until the others end",
            location=location,
            remedy="Take a smaller profile, give labs more (TOTAL_LAB_MEMORY), or hold it in groups, as two exams.",
        )
    if now >= begins + 60 * exam.minutes:
        yield warning("dates", "it is over", location=location, remedy="Say when it opens, if it is written again.")
    elif now >= begins - MARGIN_SECONDS:
        yield warning(
            "dates", "it begins within ten minutes, or goes on", location=location, remedy="Rehearse it a day before."
        )
    if exam.start_files is None:
        remedy = "Say start_files, or release an assignment of this name in the grader lab; robots do without."
        cause = "people begin with what the grader lab releases by the exam's name, and else with an empty folder"
        yield warning("files", cause, location=location, remedy=remedy)


def _ends(exam: Exam, zone: ZoneInfo) -> int:
    return exams.begins(exam, zone) + 60 * exam.minutes
