"""Whom somebody may show their lab to: teachers and assistants of the courses that they take, and nobody else."""

from __future__ import annotations

from collections.abc import Mapping

from jupyterhub.orm import Group, User
from sqlalchemy.orm import Session

from homeroom.courses import members
from homeroom.courses.course import ASSISTANTS, STUDENTS, TEACHERS, Course, group_name

Tutor = tuple[str, str]
"""A course, and who teaches in it."""


def of_student(db: Session, student: User, courses: Mapping[str, Course]) -> list[Tutor]:
    """All of them, by course."""
    taken = [course for course, role in members.roles_of(student, courses).items() if role == STUDENTS]
    found = []
    for course in sorted(taken):
        groups = (Group.find(db, group_name(course, role)) for role in (TEACHERS, ASSISTANTS))
        names = {user.name for group in groups if group is not None for user in group.users} - {student.name}
        found += [(course, name) for name in sorted(names)]
    return found
