"""Who is in which course: groups of the hub's, `course-<name>-<role>`, kept as the courses say: who left is out.

The marks of a group tell that it is one of these, so none that an administrator made is ever removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyterhub.orm import Group, User
from sqlalchemy.orm import Session

from homeroom.courses.course import GRADERS, ROLES, Course, grader_name, group_name

MARK = "homeroom-course"


def take_up(db: Session, courses: Iterable[Course]) -> bool:
    """Have the groups be as the courses say, and those of courses that are gone be gone. Commits.

    :returns: whether anything changed.
    """
    courses = tuple(courses)
    wanted = _wanted(db, courses)
    found = {group.name: group for group in db.query(Group) if group.name in wanted or MARK in (group.properties or {})}
    before = _members(db, found)
    changed = False
    for name in found.keys() - wanted.keys():
        db.delete(found[name])
        changed = True
    for name, (course, people) in wanted.items():
        group = found.get(name)
        if group is None:
            group = Group(name=name)
            db.add(group)
        if MARK not in (group.properties or {}):
            group.properties = {**(group.properties or {}), MARK: course}
            changed = True
        if people != before.get(name, set()):
            group.users = db.query(User).filter(User.name.in_(people)).all() if people else []
            changed = True
    if changed:
        db.commit()
    return changed


def bring_up_to_date(db: Session, user: User, courses: Iterable[Course]) -> None:
    """Have one person be in the groups of their courses, and in no other of these. The caller commits."""
    own = {group.name: group for group in user.groups}
    names = own.keys()
    roles = {course.name: course.role_of(user.name, names) for course in courses}
    wanted = {group_name(course, role): course for course, role in roles.items() if role}
    for name, group in own.items():
        if MARK in (group.properties or {}) and name not in wanted:
            user.groups.remove(group)
    for name in wanted.keys() - names:
        group = Group.find(db, name)
        if group is None:
            group = Group(name=name, properties={MARK: wanted[name]})
            db.add(group)
        user.groups.append(group)


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
    for group, people in _members(db, asked).items():
        course, role = asked[group]
        found[course].update(dict.fromkeys(people, role))
    return found


def _wanted(db: Session, courses: Iterable[Course]) -> dict[str, tuple[str, set[str]]]:
    """The groups by name, each with its course and the people of the hub who are to be in it."""
    courses = tuple(courses)
    asked = {group for course in courses for one in course.roles.values() for group in one.hub_groups}
    groups_of: dict[str, set[str]] = {}
    for group, name in db.query(Group.name, User.name).join(Group.users).filter(Group.name.in_(asked)) if asked else ():
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


def _members(db: Session, groups: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    names = list(groups)
    for group, name in db.query(Group.name, User.name).join(Group.users).filter(Group.name.in_(names)) if names else ():
        found.setdefault(group, set()).add(name)
    return found
