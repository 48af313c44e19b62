"""Ends what is over, every two seconds: by the time, whatever becomes of hub and clock, and where it may be no more."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from homeroom.courses.courses_file import Courses
from homeroom.exam_labs import exam_lab
from homeroom.showing import rights, tutors
from homeroom.showing.records import Showing
from homeroom.showing.show import Show, end, started

LOOK_SECONDS = 2.0
KEEP_SECONDS = 20
"""How exactly it is kept for how long one goes on."""


class ShowingWatch:
    """Counts the time of each by a clock that nobody sets, beside the one that tells the time: the shorter counts."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self._left: dict[int, float] = {}
        self._looked = time.monotonic()

    def look(self) -> None:
        """Look once."""
        db, now = self.hub.db, time.monotonic()
        passed, self._looked = now - self._looked, now
        found = db.query(Showing).all()
        left = {each.id: self._left.get(each.id, each.left_seconds + passed) - passed for each in found}
        self._left = left
        going = set()
        for each in found:
            why = self.why_over(each, left[each.id])
            if why:
                self.hub.log.info("%s may be in the lab of %s no more: %s", each.tutor, each.owner, why)
                end(db, each.owner, each.tutor, why)
                continue
            going.add(each.owner)
            if each.left_seconds - left[each.id] >= KEEP_SECONDS:
                each.left_seconds = int(left[each.id])
                db.commit()
        for owner in rights.all_given(db) - going:  # of no showing: that must never be
            rights.take(db, owner)
            db.commit()

    def why_over(self, showing: Showing, left: float) -> str:
        """Why one is over, for the records; empty: it is not."""
        now = time.time()
        if not Show.instance(config=self.hub.config).minutes:
            return "off"
        if left <= 0 or now >= showing.ends_at:
            return "over"
        if exam_lab.sat_by(showing.owner, now) or exam_lab.sat_by(showing.tutor, now):
            return "exam"
        owner = self.hub.users.get(showing.owner)
        if owner is None or started(owner) != showing.lab_started:
            return "lab ended"
        courses = Courses.instance(config=self.hub.config)
        known = courses.read()
        if courses.is_known and (showing.course, showing.tutor) not in tutors.of_student(
            self.hub.db, owner.orm_user, known
        ):
            return "no tutor any more"
        return ""


async def watch_showings(hub: Any) -> None:
    """Look again and again, from the hub's start to its end."""
    watch = ShowingWatch(hub)
    while True:
        try:
            watch.look()
        except Exception as error:
            hub.log.error("Looking at which labs are shown failed, and is tried again: %r", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()
        await asyncio.sleep(LOOK_SECONDS)
