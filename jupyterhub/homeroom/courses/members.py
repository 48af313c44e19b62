"""Who is in which course: groups of the hub's, `course-<name>-<role>`, kept as the courses say: who left is out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyterhub.orm import User
from sqlalchemy.orm import Session

from homeroom.contract.grader_labs import grader_name
from homeroom.courses.course import GRADERS, ROLES, Course, group_name
from homeroom.hub import marked_groups

MARK = "homeroom-course"


def take_up(db: Session, courses: Iterable[Course]) -> bool:
    """Have the groups be as the courses say, and those of courses that are gone be gone. Commits.

    :returns: whether anything changed.
    """
    return marked_groups.take_up(db, MARK, _wanted(db, courses))


def bring_up_to_date(db: Session, user: User, courses: Iterable[Course]) -> None:
    """Have one person be in the groups of their courses, and in no other of these. The caller commits."""
    names = {group.name for group in user.groups}
    roles = {course.name: course.role_of(user.name, names) for course in courses}
    marked_groups.join(db, MARK, user, {group_name(course, role): course for course, role in roles.items() if role})


def roles_of(user: User, courses: Mapping[str, Course]) -> dict[str, str]:
    """What somebody is, by course: as the groups say it, which is what counts everywhere."""
    own = {group.name for group in user.groups}
    found = {}
    for name in courses:
        role = next((role for role in ROLES if group_name(name, role) in own), None)
        if role is not None:
            found[name] = role
    return found


def roles_by_person(db: Session, courses: Iterable[str]) -> dict[str, dict[str, str]]:
    """What each member of these courses is, by course."""
    asked = {group_name(course, role): (course, role) for course in courses for role in ROLES}
    found: dict[str, dict[str, str]] = {course: {} for course, _ in asked.values()}
    for group, people in marked_groups.members(db, asked).items():
        course, role = asked[group]
        found[course].update(dict.fromkeys(people, role))
    return found


def _wanted(db: Session, courses: Iterable[Course]) -> dict[str, tuple[str, set[str]]]:
    """The groups by name, each with its course and the people of the hub who are to be in it."""
    courses = tuple(courses)
    asked = {group for course in courses for one in course.roles.values() for group in one.hub_groups}
    groups_of: dict[str, set[str]] = {}
    for group, names in marked_groups.members(db, asked).items():
        for name in names:
            groups_of.setdefault(name, set()).add(group)
    named = {name for course in courses for one in course.roles.values() for name in one.people}
    known = {name for (name,) in db.query(User.name)} if courses else set()
    people = (named | groups_of.keys()) & known
    wanted: dict[str, tuple[str, set[str]]] = {
        group_name(course.name, role): (course.name, set()) for course in courses for role in ROLES
    }
    for course in courses:
        wanted[group_name(course.name, GRADERS)] = (course.name, {grader_name(course.name)} & known)
        for name in people:
            role = course.role_of(name, groups_of.get(name, ()))
            if role is not None:
                wanted[group_name(course.name, role)][1].add(name)
    return wanted
