"""Show: people let a tutor into their lab for a while. It is off where `minutes` is 0."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from jupyterhub.orm import User
from sqlalchemy.orm import Session
from traitlets import Integer
from traitlets.config import SingletonConfigurable

from homeroom.contract import sockets
from homeroom.contract.by_socket import answers
from homeroom.courses.course import Course
from homeroom.exam_labs import exam_lab
from homeroom.records.events import note
from homeroom.showing import records, rights, stamp, tutors
from homeroom.showing.records import Showing

ASK_SECONDS = 3.0
SHOW, SHOW_END = "lab-show", "lab-show-end"
"""What the records of people call it."""


class Show(SingletonConfigurable):
    """Whether people may show their labs, and for how long."""

    minutes = Integer(0, config=True, help="How long somebody may show their lab to a tutor at once; 0: not at all.")


class NotShown(Exception):
    """A lab is not shown; `key` is the catalogue's, of why."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = f"showing.wrong.{key}"


def begin(db: Session, user: Any, course: str, tutor: str, minutes: int, courses: Mapping[str, Course]) -> Showing:
    """Let a tutor into somebody's lab that runs. Commits.

    :param user: the hub's, whose lab it is.
    :raises NotShown: they may not, or not now.
    """
    now = time.time()
    if (course, tutor) not in tutors.of_student(db, user.orm_user, courses):
        raise NotShown("tutor")
    if exam_lab.sat_by(user.name, now) or exam_lab.sat_by(tutor, now):
        raise NotShown("exam")
    if not user.spawner.ready:
        raise NotShown("lab")
    if records.of_owner(db, user.name) is not None:
        raise NotShown("already")
    made = Showing(
        owner=user.name,
        tutor=tutor,
        course=course,
        lab_started=started(user),
        ends_at=int(now) + minutes * 60,
        left_seconds=minutes * 60,
    )
    db.add(made)
    rights.give(db, user.name, User.find(db, tutor))
    note(db, user.name, SHOW, tutor, why=f"{minutes} min")
    db.commit()
    stamp.touch()
    return made


def end(db: Session, owner: str, tutor: str, why: str) -> None:
    """Let the tutor in no more. Commits. What they have open in the lab is closed by its server, within seconds.

    :param why: for the records.
    """
    rights.take(db, owner)
    db.query(Showing).filter(Showing.owner == owner).delete(synchronize_session=False)
    note(db, owner if why == "stopped" else "homeroom", SHOW_END, tutor, why=why)
    db.commit()
    stamp.touch()


def started(user: Any) -> str:
    """When somebody's first lab was started; empty: it does not run."""
    record = user.spawner.orm_spawner
    return str(record.started) if user.spawner.active and record.started is not None else ""


async def closes_what_is_open(user: Any, base_url: str) -> bool:
    """Whether the server of somebody's lab puts out who may enter no more: one of another image, or of before this was
    switched on, does not."""
    path = sockets.LABS / sockets.directory_name(user.name, "") / "lab.sock"
    address = f"{base_url}user/{quote(user.name, safe='@~')}/homeroom/visitors"

    def does() -> bool:
        return sockets.is_socket(path) and answers(path, "lab", address, status=204, seconds=ASK_SECONDS)

    return await asyncio.to_thread(does)
