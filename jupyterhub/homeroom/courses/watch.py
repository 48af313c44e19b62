"""Keeps the members of courses up to date, every few seconds, without a restart and without a request of anybody's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from jupyterhub.orm import User
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from homeroom.contract import sockets
from homeroom.contract.exam_labs import is_exam
from homeroom.courses import desk_client, graders, members
from homeroom.courses.course import grader_name
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams.told import as_told, ending
from homeroom.shared_labs import shared_lab

LOOK_SECONDS = 5.0


async def watch_courses(hub: Any) -> None:
    """Look again and again, from the hub's start to its end."""
    while True:
        try:
            look(hub)
            await tell_desk(hub)
        except desk_client.DeskAway as error:
            hub.log.warning("The hand-in desk does not answer, and is asked again: %s", error)
        except Exception as error:
            hub.log.error("Looking at who is in which course failed, and is tried again: %r", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()
        await asyncio.sleep(LOOK_SECONDS)


def look(hub: Any) -> None:
    """Look once."""
    courses = Courses.instance(config=hub.config)
    known = courses.read()
    if not courses.is_read:
        return
    changed = members.take_up(hub.db, known.values())
    if graders.take_up(hub, known.values()):
        changed = members.take_up(hub.db, known.values())
    if changed:
        hub.log.info("The members of courses changed")
    graders.end_closed(hub)


async def tell_desk(hub: Any) -> None:
    """Tell the hand-in desk who is in which course, and whose labs run, where it does not know it.

    :raises DeskAway: it does not answer.
    """
    courses = Courses.instance(config=hub.config)
    if not courses.is_read or not desk_client.is_there():
        return
    roles = members.roles_by_person(hub.db, courses.read())
    users = [user for user in hub.users.values() if not shared_lab.is_shared(user.name) or shared_lab.of(user.name)]
    labs, graded = running_labs(users, roles)
    exams = {"exams": running_exams(users), "ending": dict(ending)}
    zone = courses.zone.key
    told = {"courses": courses.raw, "members": roles, "labs": labs, "graders": graded, "zone": zone, **exams}
    if await desk_client.tell(told):
        hub.log.debug("The hand-in desk was told of %d labs", len(labs))


def running_labs(users: Iterable[Any], roles: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The labs that run of people in courses, and those in which courses are graded, by their directories of sockets.

    :param roles: by person, by course.
    """
    people = set().union(*roles.values())
    graded = {grader_name(course): course for course in roles}
    labs: dict[str, str] = {}
    found: dict[str, str] = {}
    for user in users:
        active = [lab.name for lab in user.spawners.values() if lab.active and not is_exam(lab.name)]
        running = [sockets.directory_name(user.name, name) for name in active]
        if user.name in graded:
            found.update(dict.fromkeys(running, graded[user.name]))
        elif user.name in people:
            labs.update(dict.fromkeys(running, user.name))
    return labs, found


def running_exams(users: Iterable[Any]) -> dict[str, dict[str, str]]:
    """The labs of exams that run, by their directories of sockets."""
    return {
        sockets.directory_name(user.name, lab.name): as_told(user.name, lab.name)
        for user in users
        for lab in user.spawners.values()
        if lab.active and is_exam(lab.name)
    }


def join_courses(authenticator: Any, db: Session, user: User) -> None:
    """Have somebody who signs in be in their courses before a lab of theirs starts."""
    courses = Courses.instance(config=authenticator.config)
    known = courses.read()
    if courses.is_read:
        members.bring_up_to_date(db, user, known.values())
