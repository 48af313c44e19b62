"""Whether courses can be as they are written, and what is odd about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from generator.core.errors import HomeroomError
from generator.core.finding import Finding, warning
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.courses import courses
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.site import COURSES
from generator.topics.environments import features
from generator.topics.labs import labs
from generator.topics.lti.platforms import load_platforms

NBGRADER = "nbgrader"


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for what is no fault, and hardly meant.

    :raises HomeroomError: everything that is wrong with site/courses.yaml.
    """
    found = courses.load(settings, SITE, labs.load(settings, SITE, read_machine()))
    yield from findings(found, _platforms(settings))
    yield from without_nbgrader(found, features.parse(settings.LAB_FEATURES))


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
