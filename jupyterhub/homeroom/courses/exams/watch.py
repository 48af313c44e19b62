"""Exams begin and end by the clock. What was missed, since the hub was away, is caught up with at the next look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from homeroom.contract.exam_labs import is_exam, lab_name
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import hold, records, seal
from homeroom.courses.exams.records import ExamSitting
from homeroom.courses.made import take_up as made
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab, Key
from homeroom.hub import lab_stamp
from homeroom.sign_in import removal

LOOK_SECONDS = 2.0
LEAD_SECONDS = 600
"""How long before an exam the first labs are started for it: nobody gets into one before it begins."""
STARTS_AT_ONCE = 4
ENDS_AT_ONCE = 8
RETRY_SECONDS = 10.0


async def watch_exams(hub: Any) -> None:
    """Look again and again, from the hub's start to its end."""
    watch = ExamWatch(hub)
    while True:
        try:
            await watch.look(time.time())
        except Exception as error:
            hub.log.error("Looking at exams failed, and is tried again: %r", error)
            if isinstance(error, SQLAlchemyError):
                hub.db.rollback()
        await asyncio.sleep(LOOK_SECONDS)


def take_up(config: Any, db: Session) -> list[ExamLab]:
    """Have the hub know the exams as they are now, with the time that was given."""
    courses = made.take_up(config, db)
    courses.give_more(records.more(db))
    labs = hold.labs_of(db, list(courses.read().values()))
    exam_lab.know(labs)
    return labs


class ExamWatch:
    """Starts labs ahead, keeps people in their one lab, and has homes handed in at the end."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._routed: set[Key] = set()
        self._tried: set[tuple[str, str, float]] = set()
        """Whose lab was started ahead, or is not to be, for an exam that begins then."""
        self._starting: set[Key] = set()
        self._entered: set[Key] = set()
        self._soon: set[tuple[str, float]] = set()
        """Whose exam begins within minutes, and when, as labs were told."""
        self._later: dict[Key, float] = {}
        """Until when a home is not tried again."""
        self._ends = asyncio.Semaphore(ENDS_AT_ONCE)
        self._seals = asyncio.Semaphore(seal.AT_ONCE)

    async def look(self, now: float) -> None:
        """Look once; what takes long goes on beside."""
        labs = take_up(self.hub.config, self.hub.db)
        if not Courses.instance().is_known:
            return
        users = {user.name: user for user in list(self.hub.users.values())}
        on = exam_lab.first_of_each(lab for lab in labs if lab.is_on(now))
        self._tell_others(labs, now)
        self._note_ends(on)
        for lab in on:
            if lab.person in users:
                await self._hold(lab, users[lab.person], now)
        sitting = {lab.person: users[lab.person] for lab in on if lab.person in users}
        for name in hold.end_tokens(self.hub.db, sitting) if sitting else ():
            self.hub.log.info("%s sits an exam: a token that they made is ended", name)
        self.hub.db.commit()
        for lab in labs:
            if lab.begins_at - LEAD_SECONDS <= now < lab.ends_at:
                self._start_ahead(lab)
        for sitting in records.entered(self.hub.db):
            self._look_at(sitting, now)
        self._end_unentered(now)
        self.hub.db.commit()

    def _tell_others(self, labs: list[ExamLab], now: float) -> None:
        """Have the labs that are stopped for an exam ask for it a little before, so that their pages save."""
        soon = {(lab.person, lab.begins_at) for lab in labs if exam_lab.soon(lab.person, now) == lab}
        if soon != self._soon:
            self._soon = soon
            try:
                lab_stamp.touch()
            except OSError as error:
                self.hub.log.warning("Running labs are not told of an exam: %s", error)

    # --- While it goes on ---

    async def _hold(self, lab: ExamLab, user: Any, now: float) -> None:
        """Have somebody have this lab alone, and the way to it be there."""
        for name in hold.others_of(user, lab.server):
            self._begin((lab.person, name), self._end(user, name))
        key = (lab.person, lab.server)
        own = user.spawners.get(lab.server)
        if own is None or not own.ready:
            self._routed.discard(key)
            return
        if key not in self._routed:
            await self.hub.proxy.add_user(user, lab.server)
            self._routed.add(key)
        if key not in self._entered and own.was_opened:
            self._note_entered(lab, now)
            self._entered.add(key)

    def _note_ends(self, on: list[ExamLab]) -> None:
        """Keep when it is over for each: who is given more time goes on, also where it was handed in already."""
        for server in {lab.server for lab in on}:
            sitting = [lab for lab in on if lab.server == server]
            kept = records.of_exam(self.hub.db, sitting[0].course, sitting[0].exam)
            for lab in sitting:
                if lab.person in kept:
                    kept[lab.person].ends_at = int(lab.ends_at)

    def _note_entered(self, lab: ExamLab, now: float) -> None:
        found = records.sitting(self.hub.db, lab.course, lab.exam, lab.person)
        found.entered_at = found.entered_at or int(now)
        found.ends_at = int(lab.ends_at)

    def _start_ahead(self, lab: ExamLab) -> None:
        """Begin to start a lab, once, where its person has none and there is room to spare."""
        key, tried = (lab.person, lab.server), (lab.person, lab.server, lab.begins_at)
        if tried in self._tried or key in self._tasks or len(self._starting) >= STARTS_AT_ONCE:
            return
        user = self.hub.users.get(lab.person)
        if user is None or any(each.active or each.pending for each in user.spawners.values()):
            return
        if self.hub.authenticator.no_lab_reason(lab.person) or self._is_sealed(lab):
            self._tried.add(tried)
            return
        self._starting.add(key)
        self._begin(key, self._start(user, lab))

    async def _start(self, user: Any, lab: ExamLab) -> None:
        key = (lab.person, lab.server)
        spawner = user.get_or_create_spawner(lab.server, lab.server, replace_failed=True)
        try:
            if not await spawner.start_queue.take(spawner.key, spawner.plan.resources):
                return  # there is no room to spare now
            if any(each.active or each.pending for each in user.spawners.values()):
                return
            self._tried.add((*key, lab.begins_at))
            spawner.starts_ahead, spawner._spawn_pending = True, True
            spawner._spawn_future = asyncio.current_task()
            await user.spawn(lab.server, options={})
            if not spawner.is_closed:  # whoever waits for it meanwhile is led there as soon as it is ready
                await self.hub.proxy.add_user(user, lab.server)
            spawner.add_poll_callback(_note_ended, self.hub, user, lab.server)
        finally:
            if spawner.starts_ahead:
                spawner.starts_ahead, spawner._spawn_pending, spawner._spawn_future = False, False, None
            spawner.start_queue.release(spawner.key)
            self._starting.discard(key)

    def _is_sealed(self, lab: ExamLab) -> bool:
        """Whether somebody's exam is handed in at its end already."""
        found = records.of_exam(self.hub.db, lab.course, lab.exam).get(lab.person)
        return found is not None and found.sealed_at >= lab.ends_at

    # --- The end ---

    def _look_at(self, sitting: ExamSitting, now: float) -> None:
        """Begin to hand a home in whose time is over; an exam that is gone from the file is over."""
        server = lab_name(sitting.course, sitting.exam)
        key = (sitting.person, server)
        lab = exam_lab.of(*key)
        sitting.ends_at = int(lab.ends_at) if lab is not None else min(sitting.ends_at, int(now))
        if now >= sitting.ends_at and now >= self._later.get(key, 0.0) and not sitting.is_sealed:
            self._begin(key, self._hand_in(sitting, server))

    async def _hand_in(self, sitting: ExamSitting, server: str) -> None:
        """End the lab, then have its home handed in."""
        key = (sitting.person, server)
        try:
            user = self.hub.users.get(sitting.person)
            if user is not None and server in user.orm_user.orm_spawners:
                async with self._ends:
                    await removal.end_lab(self.hub, user, server)
            async with self._seals:
                await seal.seal(self.hub, server, sitting)
            self.hub.log.info("%s of %s is handed in at its end: %s", server, *(sitting.person, sitting.receipt))
        except (seal.NotSealed, TimeoutError) as error:
            self._later[key] = time.time() + RETRY_SECONDS
            fault = str(error) or "its lab does not stop"
            self.hub.log.error("%s of %s is not handed in yet, and is tried again: %s", server, sitting.person, fault)
            seal.note_fault(self.hub, sitting, fault)

    def _end_unentered(self, now: float) -> None:
        """End the labs of exams that are over, gone, or moved to a later time, and that nobody entered."""
        waiting = {(each.person, lab_name(each.course, each.exam)) for each in records.entered(self.hub.db)}
        for user in list(self.hub.users.values()):
            for name, spawner in list(user.spawners.items()):
                key = (user.name, name)
                if not is_exam(name) or not spawner.active or spawner.pending or key in waiting:
                    continue
                lab = exam_lab.of(*key)
                if lab is None or not lab.begins_at - LEAD_SECONDS <= now < lab.ends_at:
                    self._begin(key, self._end(user, name))

    async def _end(self, user: Any, name: str) -> None:
        async with self._ends:
            await removal.end_lab(self.hub, user, name)

    def _begin(self, key: Key, work: Coroutine[Any, Any, None]) -> None:
        """Begin something for a lab, unless something is under way for it."""
        if key in self._tasks:
            work.close()
            return
        self._tasks[key] = asyncio.create_task(self._to_its_end(key, work))

    async def _to_its_end(self, key: Key, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:  # the engine or the proxy is away: the next look begins anew
            self._later[key] = time.time() + RETRY_SECONDS
            self.hub.log.warning("The lab %s of %s: %r", key[1], key[0], error)
        finally:
            del self._tasks[key]


async def _note_ended(hub: Any, user: Any, server: str) -> None:
    """A lab that the hub started itself has ended by itself: as `JupyterHub.init_spawners` has it for labs that ran
    before the hub."""
    await hub.proxy.delete_user(user, server)
    await user.stop(server)
