"""What courses there are: the operator's `site/courses.yaml`, with class lists read and times of day made certain."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from generator.core.errors import HomeroomError, SeveralErrors, did_you_mean, raise_all
from generator.schema.settings import Settings
from generator.site import reader
from generator.site.reader import Location, SiteFile
from generator.topics.courses import ending, exams, moments
from generator.topics.courses.same_names import same_names
from generator.topics.courses.site import COURSES, ROLES, Assignment, Course, Courses
from generator.topics.labs.labs import LabsConfig, unknown_groups
from generator.topics.lti.ways import LTI
from generator.topics.sign_in import class_list


@dataclass(frozen=True, kw_only=True)
class ReadCourse:
    """A course with its class lists.

    :param named: the people whom file and class lists name, by role.
    :param is_made: whether it is one of the hub's pages, and not of the file.
    """

    course: Course
    named: dict[str, list[str]]
    is_made: bool = False

    @property
    def where(self) -> str:
        """Where it is written."""
        return f"its page of settings: {self.course.name}" if self.is_made else f"site/{COURSES}: {self.course.name}"


def load(settings: Settings, site: Path, known: LabsConfig) -> list[ReadCourse]:
    """The courses of a deployment; none where there is no such file.

    :raises HomeroomError: everything that is wrong with it, each with line and column.
    """
    found = reader.load(site / COURSES, Courses)
    if found is None:
        return []
    file, zone = SiteFile(site / COURSES), ZoneInfo(settings.TIMEZONE)
    errors = list(same_names(file, ("courses",), [course.name for course in found.courses], "course"))
    errors += _lms_faults(file, found.courses, settings)
    courses = []
    for index, course in enumerate(found.courses):
        location: Location = ("courses", index)
        errors += _course_faults(file, location, course, known)
        errors += _assignment_faults(file, location, course, zone)
        errors += ending.faults(file, location, course, zone)
        errors += exams.faults(file, location, course, zone, site, [each["name"] for each in known.profiles])
        named, faults = _named(file, location, course, site)
        errors += faults or _role_faults(file, location, course, named)
        courses.append(ReadCourse(course=course, named=named))
    raise_all(errors)
    return courses


def _course_faults(file: SiteFile, location: Location, course: Course, known: LabsConfig) -> Iterator[HomeroomError]:
    for role in ROLES:
        yield from unknown_groups(file, (*location, role, "groups"), course.members(role).groups, known.groups)
    has_roster = course.lti is not None and course.lti.roster
    if not has_roster and not any((course.teachers.people, course.teachers.groups, course.teachers.roster)):
        remedy = "Name somebody below people or groups."
        yield file.error((*location, "teachers"), f"{course.name} has no teacher", remedy=remedy)
    profiles = [profile["name"] for profile in known.profiles]
    for field in ("profile", "grader_profile"):
        chosen = getattr(course, field)
        if chosen is not None and chosen not in profiles:
            cause = f"there is no profile {chosen}"
            yield file.error((*location, field), cause, remedy=did_you_mean(chosen, profiles))
    term = course.term
    if term.first_day and term.last_day and term.first_day > term.last_day:
        cause = f"the last day is before the first, {term.first_day}"
        yield file.error((*location, "term", "last_day"), cause, remedy="Change one of the two.")


def _lms_faults(file: SiteFile, courses: list[Course], settings: Settings) -> Iterator[HomeroomError]:
    """Courses of a learning platform where nobody comes from one, and two that are the same course there."""
    seen: dict[tuple[str, str], str] = {}
    for index, course in enumerate(courses):
        if course.lti is None:
            continue
        if LTI not in settings.ways:
            remedy = "Name lti in AUTH, and the platform in site/lti.yaml: docs/sign-in/lti.md."
            yield file.error(("courses", index, "lti"), "AUTH in .env does not name lti", remedy=remedy)
        first = seen.setdefault((course.lti.platform, course.lti.context), course.name)
        if first != course.name:
            cause = f"{first} is this course of {course.lti.platform}, too"
            yield file.error(("courses", index, "lti"), cause, remedy="Take it out of one of the two.")


def _assignment_faults(file: SiteFile, location: Location, course: Course, zone: ZoneInfo) -> Iterator[HomeroomError]:
    names = [assignment.name for assignment in course.assignments]
    yield from same_names(file, (*location, "assignments"), names, "assignment")
    for index, assignment in enumerate(course.assignments):
        at = (*location, "assignments", index)
        for field in ("opens", "due", "closes"):
            if moments.is_skipped(getattr(assignment, field), zone):
                cause = f"{field}: no clock in {zone.key} shows this time, it is put forward then"
                yield file.error((*at, field), cause, remedy="Take a time an hour later.")
        order = [(name, at_seconds) for name, at_seconds in times(assignment, zone).items() if at_seconds is not None]
        for (earlier, first), (later, then) in itertools.pairwise(order):
            if then < first:
                cause = f"{later} of {assignment.name} is before {earlier}"
                yield file.error((*at, later), cause, remedy="Change one of the two.")
        if assignment.late == "refuse" and assignment.closes is not None and assignment.due is not None:
            cause = "late: refuse takes nothing after due, so closes never comes"
            yield file.error((*at, "late"), cause, remedy="Take closes out, or say late: mark.")


def times(assignment: Assignment, zone: ZoneInfo) -> dict[str, int | None]:
    """Its times in their order, in seconds since 1970."""
    return {
        "opens": moments.begins(assignment.opens, zone),
        "due": moments.ends(assignment.due, zone),
        "closes": moments.ends(assignment.closes, zone),
    }


def _named(
    file: SiteFile, location: Location, course: Course, site: Path
) -> tuple[dict[str, list[str]], list[HomeroomError]]:
    """The people whom a course names, by role, and what is wrong with its class lists."""
    named: dict[str, list[str]] = {}
    errors: list[HomeroomError] = []
    for role in ROLES:
        members, listed = course.members(role), list[str]()
        roster = site / members.roster if members.roster else None
        if roster is not None and not roster.is_file():
            remedy = f"Put the list there, as site/{members.roster}, or correct the name."
            errors.append(file.error((*location, role, "roster"), f"there is no such file: {roster}", remedy=remedy))
        elif roster is not None:
            try:
                listed = class_list.read(roster)
            except SeveralErrors as error:
                errors += error.errors
            except HomeroomError as error:
                errors.append(error)
        named[role] = list(dict.fromkeys([*members.people, *listed]))
    return named, errors


def _role_faults(
    file: SiteFile, location: Location, course: Course, named: dict[str, list[str]]
) -> Iterator[HomeroomError]:
    """Somebody who is two things, and extra time for somebody who is no student."""
    met: dict[str, str] = {}
    for role in ROLES:
        for name in named[role]:
            if name in met:
                cause = f"{name} is among the {met[name]} and the {role} of {course.name}"
                yield file.error(_where(location, role, name, course), cause, remedy="Take one of the two out.")
            met.setdefault(name, role)
    if course.students.groups or (course.lti is not None and course.lti.roster):
        return  # whose members the hub knows
    given = [("assignments", [each.extra_time for each in course.assignments])]
    given.append(("exams", [each.extra_time for each in course.exams]))
    for key, items in given:
        for index, extra_time in enumerate(items):
            for name in extra_time:
                if name not in named["students"]:
                    cause = f"{name} is no student of {course.name}"
                    at = (*location, key, index, "extra_time", name)
                    yield file.error(at, cause, remedy=did_you_mean(name, named["students"]))


def _where(location: Location, role: str, name: str, course: Course) -> Location:
    people = course.members(role).people
    return (*location, role, "people", people.index(name)) if name in people else (*location, role, "roster")


def as_data(read: ReadCourse, known: LabsConfig, zone: ZoneInfo) -> dict[str, Any]:
    """A course as the hub is told.

    Of each role: `people` are named one by one, also by groups of `site/groups.yaml`; of the hub's own groups
    `hub_groups` every member counts, too.
    """
    course = read.course
    return {
        "name": course.name,
        "title": course.title or course.name,
        "notice": course.notice,
        "profile": course.profile or "",
        "grader_profile": course.grader_profile or course.profile or "",
        "first_day": course.term.first_day.isoformat() if course.term.first_day else "",
        "last_day": course.term.last_day.isoformat() if course.term.last_day else "",
        "archive": moments.begins(course.archive, zone),
        "purge": moments.begins(course.purge, zone),
        "lti": course.lti.model_dump() if course.lti is not None else None,
        "grades": course.grades,
        "roles": {role: members_data(course.members(role).groups, read.named[role], known) for role in ROLES},
        "assignments": [
            {
                "name": assignment.name,
                "title": assignment.title or assignment.name,
                **times(assignment, zone),
                "late": assignment.late,
                "extra_seconds": assignment.extra_time,
                "checks": assignment.checks,
            }
            for assignment in course.assignments
        ],
        "exams": [exams.as_data(exam, course, zone) for exam in course.exams],
    }


def members_data(groups: Collection[str], people: list[str], known: LabsConfig) -> dict[str, list[str]]:
    """People and groups as the hub is told: members of groups of `site/groups.yaml` by name."""
    hub_groups, all_people = set(groups), set(people)
    for group in groups:
        if group in known.groups:
            all_people.update(known.groups[group]["members"])
            hub_groups.update(known.groups[group]["hub_groups"])
    return {"people": sorted(all_people), "hub_groups": sorted(hub_groups)}
