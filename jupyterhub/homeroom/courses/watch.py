"""Keeps the members of courses up to date, every few seconds, without a restart and without a request of anybody's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from jupyterhub.orm import User
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from homeroom.contract import sockets
from homeroom.contract.exam_labs import is_exam
from homeroom.contract.grader_labs import grader_name
from homeroom.courses import called, coming, desk_client, graders, lms_courses, members
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import told
from homeroom.courses.made.take_up import take_up
from homeroom.lms import client as lms_client
from homeroom.shared_labs import shared_lab

LOOK_SECONDS = 5.0
_asking: set[asyncio.Task[None]] = set()


async def watch_courses(hub: Any) -> None:
    """Look again and again, from the hub's start to its end."""
    while True:
        for step in (_look, tell_desk, tell_lms):
            try:
                await step(hub)
            except desk_client.DeskAway as error:
                hub.log.warning("The hand-in desk does not answer, and is asked again: %s", error)
            except (lms_client.ServiceAway, lms_client.Refused) as error:
                hub.log.warning("What asks learning platforms does not answer, and is tried again: %r", error)
            except Exception as error:
                hub.log.error("Looking at who is in which course failed, and is tried again: %r", error)
                if isinstance(error, SQLAlchemyError):
                    hub.db.rollback()
        await asyncio.sleep(LOOK_SECONDS)


async def _look(hub: Any) -> None:
    look(hub)


def look(hub: Any) -> None:
    """Look once."""
    courses = take_up(hub.config, hub.db)
    known = courses.read()
    if not courses.is_known:
        return
    before = graders.who_enters(hub.db)
    way = lms_courses.way(hub.authenticator)
    lms_courses.drop_rosters(hub.db, known, way)
    whole = lms_courses.with_members(hub.db, known.values(), way)
    changed = members.take_up(hub.db, whole)
    if graders.take_up(hub, whole):
        changed = members.take_up(hub.db, whole)
    if changed:
        hub.log.info("The members of courses changed")
    graders.end_closed(hub, before)


async def tell_lms(hub: Any) -> None:
    """Tell what asks learning platforms how courses are connected, and keep what it says of who is in them.

    :raises ServiceAway: it does not answer.
    """
    courses = Courses.instance(config=hub.config)
    if not courses.is_known or not lms_client.is_there():
        return
    known = courses.read()
    connected = lms_courses.connections(hub.db, known.values(), lms_courses.way(hub.authenticator))
    await lms_client.tell({"courses": [each.as_json() for each in connected]})
    lms_courses.keep_rosters(hub.db, known, (await lms_client.asked("GET", "/rosters"))["rosters"])


async def tell_desk(hub: Any) -> None:
    """Tell the hand-in desk who is in which course, and whose labs run, where it does not know it.

    :raises DeskAway: it does not answer.
    """
    courses = Courses.instance(config=hub.config)
    if not courses.is_known or not desk_client.is_there():
        return
    known = courses.read()
    roles = members.roles_by_person(hub.db, known)
    users = [user for user in hub.users.values() if not shared_lab.is_shared(user.name) or shared_lab.of(user.name)]
    labs, graded = running_labs(users, roles)
    exams = {"exams": told.running(users), "ending": dict(told.ending)}
    zone = courses.zone.key
    raw = [each for each in courses.raw if each["name"] in known]
    names = called.students(hub.db, known.values(), roles, lms_courses.way(hub.authenticator))
    who = {"members": roles, "names": names}
    bringing = {"bringing": dict(coming.handouts)}
    values = {"courses": raw, **who, "labs": labs, "graders": graded, "zone": zone, **exams, **bringing}
    if await desk_client.tell(values):
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


def join_courses(authenticator: Any, db: Session, user: User) -> None:
    """Have somebody who signs in be in their courses before a lab of theirs starts. Who comes from a learning platform
    whose list does not have them yet is asked for there."""
    courses = take_up(authenticator.config, db)
    known = courses.read()
    if not courses.is_known:
        return
    way = lms_courses.way(authenticator)
    members.bring_up_to_date(db, user, lms_courses.with_members(db, known.values(), way))
    own, platforms = {group.name for group in user.groups}, way.known(db) if way is not None else []
    for course in known.values():
        if lms_client.is_there() and lms_courses.is_new(db, course, own, user.name, platforms):
            asked = asyncio.get_running_loop().create_task(_ask_who_is_in(course.name))
            _asking.add(asked)
            asked.add_done_callback(_asking.discard)


async def _ask_who_is_in(course: str) -> None:
    with contextlib.suppress(lms_client.ServiceAway, lms_client.Refused):
        await lms_client.asked("POST", f"/courses/{course}/roster")
