"""What those who take courses are called, for those who grade them: user names need not say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from homeroom.courses import lms_courses
from homeroom.courses.course import STUDENTS, Course
from homeroom.sign_in.identities import KnownIdentity

AT_ONCE = 500
LONGEST = 128
"""Characters, in nbgrader's gradebook."""
MARKUP = re.compile('[<>&"`]')
FORMULA = re.compile(r"^[=+\-@\s]+")
Called = tuple[str, str]
"""Given name and family name; where nobody says which is which, all is in the second."""


def students(
    db: Session, courses: Iterable[Course], roles: Mapping[str, Mapping[str, str]], way: Any
) -> dict[str, dict[str, Called]]:
    """What students are called, by course and user name: as the course's platform says it, else as they came in last.
    Of whom nobody says anything nothing is here.

    :param roles: by person, by course.
    :param way: the `LTIWay`; None: nobody comes from a platform.
    """
    taken = {course: {name for name, role in own.items() if role == STUDENTS} for course, own in roles.items()}
    signed_in = _signed_in(db, sorted(set().union(*taken.values())))
    platforms = way.known(db) if way is not None else []
    found = {}
    for course in courses:
        known = {**signed_in, **_listed(db, course, platforms)}
        found[course.name] = {name: known[name] for name in sorted(taken.get(course.name, ())) if name in known}
    return found


def people(db: Session, course: Course, names: Iterable[str], way: Any) -> dict[str, str]:
    """What people of a course are called, by user name, as one says it: `Ada Byron`. Of whom nobody says anything
    nothing is here.

    :param way: as `students` has it.
    """
    here = set(names)
    platforms = way.known(db) if way is not None else []
    known = {**_signed_in(db, sorted(here)), **_listed(db, course, platforms)}
    return {name: " ".join(filter(None, called)) for name, called in known.items() if name in here}


def as_signed_in(db: Session, names: Iterable[str]) -> dict[str, str]:
    """What people are called, by user name, as they came in last; of whom nobody says anything, their user name."""
    here = sorted(set(names))
    return {name: name for name in here} | {name: called for name, (_, called) in _signed_in(db, here).items()}


def _signed_in(db: Session, people: list[str]) -> dict[str, Called]:
    found: dict[str, Called] = {}
    for begin in range(0, len(people), AT_ONCE):
        query = db.query(KnownIdentity.name, KnownIdentity.display_name).filter(
            KnownIdentity.name.in_(people[begin : begin + AT_ONCE]), KnownIdentity.display_name != ""
        )
        found.update({name: ("", plain(called)) for name, called in query.order_by(KnownIdentity.signed_in_at)})
    return {name: called for name, called in found.items() if any(called)}


def _listed(db: Session, course: Course, platforms: list[Any]) -> dict[str, Called]:
    roster = lms_courses.roster_of(db, course) or []
    names = lms_courses.names_of(db, course, platforms, [each["user_id"] for each in roster])
    found = {names[each["user_id"]]: _called(each) for each in roster if each["user_id"] in names}
    return {name: called for name, called in found.items() if any(called)}


def _called(member: Mapping[str, str]) -> Called:
    """As a platform's list says it; one that was kept before may not say the parts."""
    given, family = plain(member.get("given_name", "")), plain(member.get("family_name", ""))
    return (given, family) if given and family else ("", plain(member["name"]))


def plain(name: str) -> str:
    """A name without what pages or spreadsheets could take for something else: people choose theirs, and nbgrader's
    pages and exports write them as they are."""
    printable = "".join(each for each in name if each.isprintable())
    return FORMULA.sub("", MARKUP.sub("", printable)).strip()[:LONGEST]
