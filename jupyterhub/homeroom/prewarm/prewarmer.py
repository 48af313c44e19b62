"""Prewarmer: the labs of a group are started before its lesson, a few at a time, while they fit.

A request takes one step, and nothing goes on between two: the client can stop or die at any moment. A user who has a
lab is left alone, so any number of requests for one lesson, also after a restart of the hub, start each lab once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.orm import Group
from jupyterhub.user import User
from jupyterhub.utils import maybe_future
from tornado import web
from traitlets import Integer
from traitlets.config import SingletonConfigurable

from homeroom.culling.culling import Prewarm
from homeroom.labs.plan import LabPlan, allowed_profiles, plan_for
from homeroom.spawner.lab import LabSpawner

SCOPE = "custom:homeroom:prewarm"

Key = tuple[tuple[str, ...], str, float]


class Skipped(Exception):
    """A user for whom no lab is to be started; the reason, for the operator."""


class NotNow(Exception):
    """A user whose lab is just being stopped, started for another lesson, or kept by a hub that was restarted."""


@dataclass
class PrewarmRun:
    """The prewarming of one lesson's labs.

    :param waiting: users whose labs have not been begun, in order.
    :param starting: users whose lab is starting.
    :param prewarmed: users whose lab runs.
    :param skipped: users for whom none is started, and why.
    :param failed: users whose lab did not start, and why; it is tried once.
    :param full: there is no capacity to spare now.
    """

    waiting: deque[str]
    prewarm: Prewarm
    profile: str = ""
    starting: set[str] = field(default_factory=set)
    prewarmed: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    full: bool = False

    def progress(self) -> dict[str, Any]:
        """What there is to tell, as plain data."""
        return {
            "prewarmed": len(self.prewarmed),
            "starting": len(self.starting),
            "waiting": len(self.waiting),
            "full": self.full,
            "skipped": self.skipped,
            "failed": self.failed,
        }


class Prewarmer(SingletonConfigurable):
    """The lessons that this hub prewarms labs for, and how many labs may be starting for them."""

    at_once = Integer(2, min=1, config=True, help="Labs that may be starting at a time before another one is begun.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.lock = asyncio.Lock()
        self.known: dict[Key, PrewarmRun] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def forget_past(self, now: float) -> None:
        """Forget the lessons that are over."""
        self.known = {key: one for key, one in self.known.items() if one.prewarm.keep_until > now}


class PrewarmHandler(APIHandler):
    """`POST /hub/homeroom/prewarm`: begins what may begin now of a lesson's labs, and tells how far they are.

    The body holds `groups`, `profile` (empty: each user's default), `lesson_at` and `keep_until` (seconds since the
    epoch). Users who ask come first: a lab is begun only while fewer than `Prewarmer.at_once` are starting, prewarmed
    or not, while the queue is empty, and while one more lab would fit.
    """

    async def post(self) -> None:
        """Take a step."""
        if not self.has_scope(SCOPE):
            raise web.HTTPError(403, f"This needs the scope {SCOPE}.")
        asked = self._asked()
        prewarmer = Prewarmer.instance(config=self.settings["config"])
        async with prewarmer.lock:
            prewarmer.forget_past(time.time())
            key = (tuple(asked["groups"]), asked["profile"], asked["lesson_at"])
            if key not in prewarmer.known:
                people = self._people(asked["groups"])
                if people is None:
                    return
                prewarm = Prewarm(lesson_at=asked["lesson_at"], keep_until=asked["keep_until"])
                prewarmer.known[key] = PrewarmRun(deque(people), prewarm, asked["profile"])
            await self._step(prewarmer, prewarmer.known[key])
            self.write(json.dumps(prewarmer.known[key].progress()))

    def _asked(self) -> dict[str, Any]:
        asked = self.get_json_body()
        kinds: dict[str, Any] = {"groups": list, "profile": str, "lesson_at": (int, float), "keep_until": (int, float)}
        if not isinstance(asked, dict) or any(not isinstance(asked.get(name), kind) for name, kind in kinds.items()):
            raise web.HTTPError(400, "The body holds groups, profile, lesson_at and keep_until.")
        return asked

    def _people(self, names: list[str]) -> list[str] | None:
        """The members of all these groups; where one does not exist, answers 404 with those that do."""
        site: Mapping[str, Any] = self.settings["config"]["LabSpawner"].get("groups", {})
        people: set[str] = set()
        for name in names:
            own = Group.find(self.db, name)
            if name not in site and own is None:
                known = {*site, *(group for (group,) in self.db.query(Group.name))}
                self.set_status(404)
                self.write(json.dumps({"unknown": name, "known": sorted(known)}))
                return None
            hub_groups = [Group.find(self.db, each) for each in site[name]["hub_groups"]] if name in site else [own]
            people.update(site[name]["members"] if name in site else [])
            people.update(user.name for group in hub_groups if group for user in group.users)
        return sorted(people)

    async def _step(self, prewarmer: Prewarmer, run: PrewarmRun) -> None:
        """Begin as many labs as may begin now."""
        run.full, later = False, 0
        while len(run.waiting) > later and self._starting() < prewarmer.at_once and not run.full:
            name = run.waiting.popleft()
            try:
                run.full = not await self._begin(prewarmer, run, name)
            except Skipped as reason:
                run.skipped[name] = str(reason)
            except NotNow:
                later += 1
                run.waiting.append(name)
            if run.full:
                run.waiting.appendleft(name)

    def _starting(self) -> int:
        """How many labs are starting now, prewarmed or not; those in the queue are not."""
        labs = (lab for user in self.users.values() for lab in user.spawners.values())
        return sum(lab.pending == "spawn" and not lab.queue_position for lab in labs)

    async def _begin(self, prewarmer: Prewarmer, run: PrewarmRun, name: str) -> bool:
        """Begin a user's lab; false where there is no capacity to spare for it.

        :raises Skipped: they are to have none.
        :raises NotNow: they are to be asked for again.
        """
        user = await self._person(name)
        if user.spawner.pending in ("stop", "check") or user.spawner.prewarm.start:
            raise NotNow
        if user.active and user.spawner.ready and user.spawner.prewarm.prewarmed:
            user.spawner.prewarm.keep_for(run.prewarm)
            run.prewarmed.add(name)
            return True
        if user.active:
            raise Skipped("has a lab already")
        spawner: LabSpawner = user.get_or_create_spawner("", "", replace_failed=True)
        plan, options = self._plan(spawner, run.profile)
        if not await spawner.start_queue.take(spawner.key, plan.resources):
            return False
        if user.active:  # they came meanwhile, and have what was reserved
            raise Skipped("has a lab already")
        run.starting.add(name)
        task = asyncio.create_task(self._start(run, user, spawner, options))
        prewarmer.tasks.add(task)
        task.add_done_callback(prewarmer.tasks.discard)
        await asyncio.sleep(0)  # it counts as starting from here on
        return True

    async def _person(self, name: str) -> User:
        """A user of the hub; one who has an account and never signed in is added to it.

        :raises Skipped: they could not sign in.
        """
        user = self.find_user(name)
        if reason := self.authenticator.no_lab_reason(name):
            raise Skipped(reason)
        if user is None:
            user = self.user_from_username(name)
            await maybe_future(self.authenticator.add_user(user))
        return user

    def _plan(self, spawner: LabSpawner, profile: str) -> tuple[LabPlan, dict[str, str]]:
        """What a user gets, and the choice it stands for: the lesson's profile where they may take it, else theirs.

        :raises Skipped: there is none, or it would hold a GPU that is not used yet.
        """
        allowed = allowed_profiles(spawner.profiles, spawner.groups, spawner.person)
        if not allowed:
            raise Skipped("may start no profile")
        chosen = next((each for each in allowed if each["name"] == profile), allowed[0])
        plan = plan_for(chosen, spawner.groups, spawner.person)
        if plan.gpus:
            raise Skipped("would hold a GPU that others wait for")
        return plan, {} if chosen is allowed[0] else {"profile": plan.profile}

    async def _start(self, run: PrewarmRun, user: User, spawner: LabSpawner, options: dict[str, str]) -> None:
        """Start a lab with what was reserved for it, and note what came of it."""
        spawner.prewarm.start = run.prewarm
        try:
            await self.spawn_single_user(user, options=options)
            if spawner._spawn_future:  # the hub does not wait longer than slow_spawn_timeout
                await spawner._spawn_future
            run.prewarmed.add(user.name)
        except Exception as error:
            self.log.exception("The lab of %s could not be started for the lesson", user.name)
            run.failed[user.name] = str(getattr(error, "jupyterhub_message", error))
        finally:
            spawner.prewarm.start = None
            spawner.start_queue.release(spawner.key)
            run.starting.discard(user.name)
