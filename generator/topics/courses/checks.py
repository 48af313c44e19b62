"""Whether courses can be as they are written, and what is odd about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, in_units, ok, warning
from generator.core.machine import Machine, read_machine
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.topics.courses import courses, made
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.services import has_courses, runs_bytes
from generator.topics.courses.settings import ADMINS
from generator.topics.courses.site import COURSES
from generator.topics.environments import features
from generator.topics.labs import labs
from generator.topics.labs.labs import LabsConfig
from generator.topics.lti.platforms import load_platforms

NBGRADER = "nbgrader"
MUCH_OF_THE_MACHINE = 4
"""Grading that takes more than this part of the memory is told."""


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for what is no fault, and hardly meant.

    :raises HomeroomError: everything that is wrong with site/courses.yaml.
    """
    machine = read_machine()
    known = labs.load(settings, SITE, machine)
    found = courses.load(settings, SITE, known)
    yield from findings(found, _platforms(settings))
    yield from without_nbgrader(found, features.parse(settings.LAB_FEATURES))
    if found:
        yield from much_for_grading(settings, machine)
        yield from much_set_aside(found, known, settings.GRADER_LABS_SET_ASIDE)


def much_for_grading(settings: Settings, machine: Machine) -> Iterator[Finding]:
    """A warning where what is run for grading takes much of the machine from labs, also while nothing is graded."""
    taken, most = runs_bytes(settings), machine.memory_bytes // MUCH_OF_THE_MACHINE
    if taken > most and settings.graded_at_once > 1:
        size = in_units(settings.GRADING_MEMORY)
        yield warning(
            "courses",
            f"{in_units(taken)} of this machine's {in_units(machine.memory_bytes)} are set aside for grading, and not "
            f"the labs': {settings.graded_at_once} hand-ins at a time, {size} each",
            location=".env: GRADING_AT_ONCE",
            remedy=f"Set GRADING_AT_ONCE={max(1, most // settings.GRADING_MEMORY)}, or lower GRADING_MEMORY.",
        )


def much_set_aside(found: list[ReadCourse], known: LabsConfig, count: int) -> Iterator[Finding]:
    """A warning where grader labs have most of what labs may have, also while nobody grades.

    :param count: for how many it is set aside.
    """
    named = {profile["name"]: profile["memory_bytes"] for profile in known.profiles}
    first = known.profiles[0]["memory_bytes"]
    sizes = sorted(named.get(each.course.grader_profile or each.course.profile or "", first) for each in found)
    largest = sizes[::-1][:count]
    if sum(largest) > known.memory_bytes // 2:
        yield warning(
            "courses",
            f"{in_units(sum(largest))} of the {in_units(known.memory_bytes)} that all labs may have are set aside for "
            f"{counted(len(largest), 'grader lab')}",
            location=".env: GRADER_LABS_SET_ASIDE",
            remedy="Give courses a smaller grader_profile, or lower it; with 0 they wait like any other lab.",
        )


def of_counterpart(deployment: Deployment) -> Iterator[Finding]:
    """The courses that were made on pages or by launches, as the running hub has them: how many there are, and where
    the file says otherwise of one."""
    settings = deployment.settings
    try:
        found = made.ask_hub(deployment)
    except HomeroomError:  # the hub does not run, or is of a version that made none
        return
    if not found:
        return
    known, zone = labs.load(settings, SITE, read_machine()), ZoneInfo(settings.TIMEZONE)
    of_file = {each.course.name: courses.as_data(each, known, zone) for each in courses.load(settings, SITE, known)}
    yield ok("courses", f"{len(found)} made on the hub's pages or by launches: {', '.join(found)}")
    yield from beside_the_file(found, of_file, known, zone)
    yield from without_profile({name: each for name, each in found.items() if name not in of_file}, known)
    if not has_courses(settings):
        yield warning(
            "courses",
            "nobody can hand in for these: the hand-in desk does not run",
            location=".env: COURSE_MAKERS",
            remedy=f"Set COURSE_MAKERS={ADMINS} in .env, or name groups that make courses, and run `make up`.",
        )


def beside_the_file(
    found: Mapping[str, dict[str, Any]], of_file: Mapping[str, dict[str, Any]], known: LabsConfig, zone: ZoneInfo
) -> Iterator[Finding]:
    """A warning for each thing that the file says otherwise of a course than its page."""
    for name in sorted(found.keys() & of_file.keys()):
        for field, here, there in made.differences(of_file[name], found[name], known, zone):
            yield warning(
                "courses",
                f"{field}: the file says {here}, the page said {there}; the file counts",
                location=f"site/{COURSES}: {name}",
                remedy="Write in the file what is meant; out of the file, the course is as its page says.",
            )


def without_profile(found: Mapping[str, dict[str, Any]], known: LabsConfig) -> Iterator[Finding]:
    """A warning for each made course, and exam of one, whose profile is gone: its labs are started with the first."""
    profiles = [profile["name"] for profile in known.profiles]
    for name, course in sorted(found.items()):
        used = [("its labs", course["profile"]), *((each["name"], each["profile"]) for each in course["exams"])]
        for what, profile in used:
            if profile and profile not in profiles:
                yield warning(
                    "courses",
                    f"{what}: there is no profile {profile}; they get {profiles[0]}",
                    location=f"its page of settings: {name}",
                    remedy="Choose another one there, or bring it back in site/profiles.yaml.",
                )


def without_nbgrader(found: list[ReadCourse], installed: Collection[str]) -> Iterator[Finding]:
    """Courses with assignments whose labs have no pages for them.

    :param installed: the features of the lab image.
    """
    if any(each.course.assignments for each in found) and NBGRADER not in installed:
        yield warning(
            "courses",
            "labs have no nbgrader: assignments are handed in by a command, and there are no pages to grade them",
            location=".env: LAB_FEATURES",
            remedy=f"Add {NBGRADER} to LAB_FEATURES and run `make up`.",
        )


def _platforms(settings: Settings) -> set[str] | None:
    """The platforms of site/lti.yaml, by their words; None: that cannot be said, and why is told elsewhere."""
    try:
        read = load_platforms(settings, SITE)
    except HomeroomError:
        return None
    return {each["name"] for each in read.platforms} if read is not None else None


def findings(found: list[ReadCourse], platforms: set[str] | None = None) -> Iterator[Finding]:
    """Courses without students, or of a platform that may not be there, and assignments that never end."""
    for each in found:
        course = each.course
        if course.lti is not None and platforms is not None and course.lti.platform not in platforms:
            yield warning(
                "courses",
                f"{course.name} is a course of {course.lti.platform}, which site/lti.yaml does not have",
                location=f"site/{COURSES}: {course.name}",
                remedy="If it has registered itself, `make lti` shows it; else correct the name.",
            )
        has_roster = course.lti is not None and course.lti.roster
        if not each.named["students"] and not course.students.groups and not has_roster:
            yield warning(
                "courses",
                f"{course.name} has no students",
                location=f"site/{COURSES}: {course.name}",
                remedy="Name them below students: by people, groups or roster.",
            )
        for assignment in course.assignments:
            if assignment.due is None and assignment.closes is None:
                yield warning(
                    "courses",
                    f"{assignment.name} of {course.name} has no end",
                    location=f"site/{COURSES}: {course.name}",
                    remedy="Say when it is due, or when it closes.",
                )
