"""Whether courses can be as they are written, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.finding import Finding, warning
from generator.core.machine import read_machine
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.courses import courses
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.site import COURSES
from generator.topics.labs import labs


def of_site(settings: Settings) -> Iterator[Finding]:
    """A warning for what is no fault, and hardly meant.

    :raises HomeroomError: everything that is wrong with site/courses.yaml.
    """
    found = courses.load(settings, SITE, labs.load(settings, SITE, read_machine()))
    return findings(found)


def findings(found: list[ReadCourse]) -> Iterator[Finding]:
    """Courses without students, and assignments that never end."""
    for each in found:
        course = each.course
        if not each.named["students"] and not course.students.groups:
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
