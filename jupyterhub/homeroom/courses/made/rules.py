"""What is wrong with a course as a whole: the rules of `site/courses.yaml`, for courses that are made on pages.

A test holds both together: for each slip the same is said of the file and on the page.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.calendar import day
from homeroom.courses.course import PREFIX, ROLES, STUDENTS, TEACHERS
from homeroom.courses.made.fault import Fault
from homeroom.texts.said import Said, say

LONGEST_TITLE = 200
LONGEST_NOTICE = 2000
MOST_PEOPLE = 5000
MOST_GROUPS = 100
MOST_ASSIGNMENTS = 200
MOST_EXAMS = 50
LONGEST_EXAM_MINUTES = 24 * 60
Values = Mapping[str, Any]


def is_of_a_course(group: str) -> bool:
    """Whether a group of the hub's has the name of one that is made of a course's members."""
    return group.startswith(PREFIX) and group.endswith(tuple(f"-{role}" for role in ROLES))


def faults(name: str, course: Values, zone: ZoneInfo, *, assignment: str = "", exam: str = "") -> list[Fault]:
    """Everything that no single field shows.

    :param assignment: the one that is typed just now: its faults are those of the form's fields, those of others are
        told by their names.
    :param exam: likewise.
    """
    found = [*_people(name, course), *_days(course, zone)]
    for each in course["assignments"]:
        for fault in _assignment(each, course, zone):
            found.append(fault if each["name"] == assignment else Fault("", fault.said))
    if len(course["assignments"]) > MOST_ASSIGNMENTS:
        found.append(Fault("", say("course_settings.wrong.many_assignments", most=MOST_ASSIGNMENTS)))
    for one, fault in _exams(course, zone):
        found.append(fault if one == exam else Fault("", fault.said))
    if len(course["exams"]) > MOST_EXAMS:
        found.append(Fault("", say("course_settings.wrong.many_exams", most=MOST_EXAMS)))
    return found


def _people(name: str, course: Values) -> Iterator[Fault]:
    roles = course["roles"]
    has_roster = bool(course["lti"]) and course["lti"]["roster"]
    if not has_roster and not roles[TEACHERS]["people"] and not roles[TEACHERS]["groups"]:
        yield Fault(f"people_{TEACHERS}", say("course_settings.wrong.no_teacher", course=name))
    met: dict[str, str] = {}
    for role in ROLES:
        if len(roles[role]["people"]) > MOST_PEOPLE:
            yield Fault(f"people_{role}", say("course_settings.wrong.many_people", most=MOST_PEOPLE))
        if len(roles[role]["groups"]) > MOST_GROUPS:
            yield Fault(f"groups_{role}", say("course_settings.wrong.many_groups", most=MOST_GROUPS))
        for person in roles[role]["people"]:
            if person in met:
                yield Fault(f"people_{role}", _twice(person, met[person], role, name))
            met.setdefault(person, role)
    if has_roster or roles[STUDENTS]["groups"]:
        return  # whose members the hub knows
    for each in (*course["assignments"], *course["exams"]):
        for person in each["extra_seconds"]:
            if person not in roles[STUDENTS]["people"]:
                said = say("course_settings.wrong.no_student", person=person, course=name, name=each["name"])
                yield Fault("extra_time", said)


def _twice(person: str, first: str, then: str, course: str) -> Said:
    return say(f"course_settings.wrong.two_roles.{first}_{then}", person=person, course=course)


def _days(course: Values, zone: ZoneInfo) -> Iterator[Fault]:
    first, last, archive = course["first_day"], course["last_day"], course["archive"]
    if first and last and first > last:
        yield Fault("last_day", say("course_settings.wrong.last_day", first=first))
    if archive is not None and last and day(archive, zone) <= last:
        yield Fault("archive", say("course_settings.wrong.archive", last=last))


def _assignment(one: Values, course: Values, zone: ZoneInfo) -> Iterator[Fault]:
    order = [(field, one[field]) for field in ("opens", "due", "closes") if one[field] is not None]
    for (earlier, first), (later, then) in itertools.pairwise(order):
        if then < first:
            yield Fault(later, say(f"course_settings.wrong.order.{later}_{earlier}", name=one["name"]))
    if one["late"] == "refuse" and one["closes"] is not None and one["due"] is not None:
        yield Fault("late", say("course_settings.wrong.late"))
    archive = course["archive"]
    for field, at in order:
        if archive is not None and at >= archive:
            said = say(f"course_settings.wrong.archived.{field}", name=one["name"], archive=day(archive, zone))
            yield Fault(field, said)


def _exams(course: Values, zone: ZoneInfo) -> Iterator[tuple[str, Fault]]:
    """Exams of one course at the same time, since nobody sits two; and such as end once it is archived. Each with the
    exam that it is about."""
    order = sorted(course["exams"], key=lambda each: each["opens"])
    for one, other in itertools.pairwise(order):
        if other["opens"] < one["opens"] + one["seconds"]:
            said = say("course_settings.wrong.exams_at_once", name=other["name"], other=one["name"])
            yield from ((each["name"], Fault("opens", said)) for each in (one, other))
    archive = course["archive"]
    for each in order:
        ends = each["opens"] + each["seconds"] + max(each["extra_seconds"].values(), default=0)
        if archive is not None and ends > archive:
            said = say("course_settings.wrong.archived.exam", name=each["name"], archive=day(archive, zone))
            yield each["name"], Fault("opens", said)
