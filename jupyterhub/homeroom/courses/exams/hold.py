"""What is true while somebody sits an exam: they have this one lab, and no token but the lab's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyterhub.orm import APIToken, Group, User
from sqlalchemy.orm import Session

from homeroom.contract.exam_labs import lab_name
from homeroom.courses.course import STUDENTS, Course, Exam, group_name
from homeroom.exam_labs.exam_lab import ExamLab

HUB_CLIENT = "jupyterhub"
"""Whose tokens those are that people make for themselves, and that labs are started with."""


def labs_of(db: Session, courses: list[Course]) -> list[ExamLab]:
    """The lab of every student of every exam there is."""
    found = []
    for course in courses:
        group = Group.find(db, group_name(course.name, STUDENTS)) if course.exams else None
        people = [user.name for user in group.users] if group is not None else []
        found += [lab_of(course, exam, person) for exam in course.exams for person in people]
    return found


def lab_of(course: Course, exam: Exam, person: str) -> ExamLab:
    """The lab of one student."""
    return ExamLab(
        person=person,
        server=lab_name(course.name, exam.name),
        course=course.name,
        exam=exam.name,
        title=exam.title,
        begins_at=exam.opens,
        ends_at=exam.ends_for(person),
        profile=exam.profile,
        network=exam.network,
        files=exam.start_files,
        browser_keys=tuple(exam.browser_keys),
    )


def others_of(user: Any, server: str) -> list[str]:
    """The names of the labs that somebody has beside that of their exam, running or starting."""
    return [name for name, lab in user.spawners.items() if name != server and (lab.active or lab.pending)]


def end_tokens(db: Session, users: Mapping[str, Any]) -> list[str]:
    """End the tokens that people made for themselves, so that nobody acts for them by one; those of their labs' own
    servers stay. The caller commits.

    :param users: by their names.
    :returns: whose tokens ended.
    """
    made = (
        db.query(APIToken, User.name)
        .join(User, APIToken.user_id == User.id)
        .filter(APIToken.client_id == HUB_CLIENT, User.name.in_(users))
    )
    ended = [(token, name) for token, name in made if not is_of_lab(token, users[name])]
    for token, _ in ended:
        db.delete(token)
    return [name for _, name in ended]


def is_of_lab(token: APIToken, user: Any) -> bool:
    """Whether the server of a lab that runs has this token."""
    given = [lab.api_token for lab in user.spawners.values() if lab.api_token]
    return any(each.startswith(token.prefix) and token.match(each) for each in given)


def end_sessions(db: Session, user: Any, cookie_id: str) -> None:
    """End every session of somebody, in their labs, too. The caller commits, and gives the browser that asks for it the
    new cookie."""
    person: User = user.orm_user
    for token in [each for each in person.api_tokens if not is_of_lab(each, user)]:
        db.delete(token)
    person.oauth_codes = []
    person.cookie_id = cookie_id
