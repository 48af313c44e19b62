"""Class start: the labs of a group are started before its lesson, a few at a time, into places that nobody needs.

A request takes one step, and nothing goes on between two: whoever asks can stop or die at any moment. Whoever has a lab
is left alone, so any number of requests for one lesson, also after a restart of the hub, start each lab once.
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

from homeroom.culling.culling import ClassStart
from homeroom.labs.plan import LabPlan, allowed_profiles, plan_for
from homeroom.spawner.lab import LabSpawner

SCOPE = "custom:homeroom:prewarm"

Key = tuple[tuple[str, ...], str, float]


class Skipped(Exception):
    """Somebody for whom no lab is to be started; the reason, for the operator."""


class NotNow(Exception):
    """Somebody whose lab is just being stopped, started for another lesson, or looked after by a hub that was
    restarted."""


@dataclass
class Prewarming:
    """The labs of one lesson.

    :param waiting: whose turn has not come, in order.
    :param starting: whose lab is starting.
    :param warm: whose lab runs.
    :param skipped: for whom none is started, and why.
    :param failed: whose lab did not start, and why; it is tried once.
    :param full: there is no place to spare now.
    """

    waiting: deque[str]
    class_start: ClassStart
    profile: str = ""
    starting: set[str] = field(default_factory=set)
    warm: set[str] = field(default_factory=set)
    skipped: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    full: bool = False

    def progress(self) -> dict[str, Any]:
        """What there is to tell, as plain data."""
        return {
            "warm": len(self.warm),
            "starting": len(self.starting),
            "waiting": len(self.waiting),
            "full": self.full,
            "skipped": self.skipped,
            "failed": self.failed,
        }


class ClassStarts(SingletonConfigurable):
    """The class starts of this hub, and how many labs may be starting for them."""

    at_once = Integer(2, min=1, config=True, help="Labs that may be starting at a time before another one is begun.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.lock = asyncio.Lock()
        self.known: dict[Key, Prewarming] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    def forget_past(self, now: float) -> None:
        """Forget the lessons that are over."""
        self.known = {key: one for key, one in self.known.items() if one.class_start.keep_until > now}


class ClassStartHandler(APIHandler):
    """`POST /hub/homeroom/class-start`: begins what may begin now of a lesson's labs, and tells how far they are.

    The body holds `groups`, `profile` (empty: each person's default), `lesson_at` and `keep_until` (seconds since the
    epoch). Real people come first: a lab is begun only while fewer than `ClassStarts.at_once` are starting, whoever
    asked for them, while nobody stands in line, and while a place for one more is left.
    """

    async def post(self) -> None:
        """Take a step."""
        if not self.has_scope(SCOPE):
            raise web.HTTPError(403, f"This needs the scope {SCOPE}.")
        asked = self._asked()
        starts = ClassStarts.instance(config=self.settings["config"])
        async with starts.lock:
            starts.forget_past(time.time())
            key = (tuple(asked["groups"]), asked["profile"], asked["lesson_at"])
            if key not in starts.known:
                people = self._people(asked["groups"])
                if people is None:
                    return
                class_start = ClassStart(lesson_at=asked["lesson_at"], keep_until=asked["keep_until"])
                starts.known[key] = Prewarming(deque(people), class_start, asked["profile"])
            await self._step(starts, starts.known[key])
            self.write(json.dumps(starts.known[key].progress()))

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

    async def _step(self, starts: ClassStarts, class_: Prewarming) -> None:
        """Begin as many labs as may begin now."""
        class_.full, later = False, 0
        while len(class_.waiting) > later and self._starting() < starts.at_once and not class_.full:
            name = class_.waiting.popleft()
            try:
                class_.full = not await self._begin(starts, class_, name)
            except Skipped as reason:
                class_.skipped[name] = str(reason)
            except NotNow:
                later += 1
                class_.waiting.append(name)
            if class_.full:
                class_.waiting.appendleft(name)

    def _starting(self) -> int:
        """How many labs are starting now, whoever asked for them; those in line do not."""
        labs = (lab for user in self.users.values() for lab in user.spawners.values())
        return sum(lab.pending == "spawn" and not lab.queue_position for lab in labs)

    async def _begin(self, starts: ClassStarts, class_: Prewarming, name: str) -> bool:
        """Begin somebody's lab; false where there is no place to spare for it.

        :raises Skipped: they are to have none.
        :raises NotNow: they are to be asked for again.
        """
        user = await self._person(name)
        if user.spawner.pending in ("stop", "check") or user.spawner.prewarmed.start:
            raise NotNow
        if user.active and user.spawner.ready and user.spawner.prewarmed.unopened:
            user.spawner.prewarmed.keep_for(class_.class_start)
            class_.warm.add(name)
            return True
        if user.active:
            raise Skipped("has a lab already")
        spawner: LabSpawner = user.get_or_create_spawner("", "", replace_failed=True)
        plan, options = self._plan(spawner, class_.profile)
        if not await spawner.start_queue.take(spawner.key, plan.resources):
            return False
        if user.active:  # they came meanwhile, and have the place
            raise Skipped("has a lab already")
        class_.starting.add(name)
        task = asyncio.create_task(self._start(class_, user, spawner, options))
        starts.tasks.add(task)
        task.add_done_callback(starts.tasks.discard)
        await asyncio.sleep(0)  # it counts as starting from here on
        return True

    async def _person(self, name: str) -> User:
        """Somebody of the hub; whoever has an account and never signed in is made known to it.

        :raises Skipped: they could not sign in.
        """
        user = self.find_user(name)
        is_approved = getattr(self.authenticator, "is_approved", None)
        if is_approved is not None and not is_approved(name):
            raise Skipped("has no approved account")
        if user is None and is_approved is None:
            raise Skipped("has never signed in")
        if user is None:
            user = self.user_from_username(name)
            await maybe_future(self.authenticator.add_user(user))
        return user

    def _plan(self, spawner: LabSpawner, profile: str) -> tuple[LabPlan, dict[str, str]]:
        """What somebody gets, and the choice it stands for: the lesson's profile where they may take it, else theirs.

        :raises Skipped: there is none, or it would hold a GPU that nobody uses yet.
        """
        allowed = allowed_profiles(spawner.profiles, spawner.groups, spawner.person)
        if not allowed:
            raise Skipped("may start no kind of lab")
        chosen = next((each for each in allowed if each["name"] == profile), allowed[0])
        plan = plan_for(chosen, spawner.groups, spawner.person)
        if plan.gpus:
            raise Skipped("would hold a GPU that others wait for")
        return plan, {} if chosen is allowed[0] else {"profile": plan.profile}

    async def _start(self, class_: Prewarming, user: User, spawner: LabSpawner, options: dict[str, str]) -> None:
        """Start a lab in the place that was taken for it, and note what came of it."""
        spawner.prewarmed.start = class_.class_start
        try:
            await self.spawn_single_user(user, options=options)
            if spawner._spawn_future:  # the hub does not wait longer than slow_spawn_timeout
                await spawner._spawn_future
            class_.warm.add(user.name)
        except Exception as error:
            self.log.exception("The lab of %s could not be started for the lesson", user.name)
            class_.failed[user.name] = str(getattr(error, "jupyterhub_message", error))
        finally:
            spawner.prewarmed.start = None
            spawner.start_queue.release(spawner.key)
            class_.starting.discard(user.name)
