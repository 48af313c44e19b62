"""Keeps the members of courses up to date, every few seconds, without a restart and without a request of anybody's."""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.orm import User
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from homeroom.courses import members
from homeroom.courses.courses_file import Courses

LOOK_SECONDS = 5.0


async def watch_courses(hub: Any) -> None:
    """Look again and again, from the hub's start to its end."""
    while True:
        try:
            look(hub)
        except Exception as error:
            hub.log.error("Looking at who is in which course failed, and is tried again: %r", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()
        await asyncio.sleep(LOOK_SECONDS)


def look(hub: Any) -> None:
    """Look once."""
    courses = Courses.instance(config=hub.config)
    known = courses.read()
    if courses.is_read and members.take_up(hub.db, known.values()):
        hub.log.info("The members of courses changed")


def join_courses(authenticator: Any, db: Session, user: User) -> None:
    """Have somebody who signs in be in their courses before a lab of theirs starts."""
    courses = Courses.instance(config=authenticator.config)
    known = courses.read()
    if courses.is_read:
        members.bring_up_to_date(db, user, known.values())
