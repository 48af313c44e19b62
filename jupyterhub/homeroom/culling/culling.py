"""When labs end, and why: idle for too long, run for longer than their profile lets them, started for a lesson and not
opened, or out of memory.

The library jupyterhub-idle-culler asks `arbiter` about each running lab; `idle_culler_config.py` says so. What a lab's
plan allows travels in the spawner's state, so that a lab keeps the rules that it was started with.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from homeroom.labs.plan import LabPlan
from homeroom.texts.said import NOTHING, Said, say

STATE = "homeroom"
"""The key of a lab's state in the spawner's."""
STORED_NAMES = {"max_age_seconds": "longest_seconds"}
"""Fields that the spawner's state has under another name: labs that run through an upgrade were started with it."""

LONGEST_RETRY_SECONDS = 15
"""What a lab waits at most before it tries again to report to a hub that did not answer: `notify_activity` of
`jupyterhub.singleuser.extension`."""
LONGEST_REPORT_SECONDS = 300
OUT_OF_MEMORY = "ended.memory"
NOT_OPENED = say("ended.unopened")
KILLED = 137  # 128 + SIGKILL
CLOCK_STEP_SECONDS = 60.0
_culling_since = time.monotonic()
_clock_ahead = time.time() - _culling_since  # of the one that is never set


@dataclass(frozen=True, kw_only=True)
class Prewarm:
    """What a lab is started for before its user asks; both in seconds since the epoch.

    :param lesson_at: when the lesson begins.
    :param keep_until: how long the lab waits for its user.
    """

    lesson_at: float
    keep_until: float


@dataclass(frozen=True, kw_only=True)
class LabState:
    """What the end of a running lab is decided by.

    :param idle_seconds: idle for this long, it is stopped; 0: never.
    :param max_age_seconds: running for this long, it is stopped, busy or not; 0: never.
    :param lesson_at: when the lesson begins that the lab was started for, in seconds since the epoch; 0: its user
        started it. Time before the lesson is neither idle nor run.
    :param keep_until: not opened at this time, it is stopped.
    :param opened: its user has opened it.
    :param more_time_seconds: what its user may add to its maximum age in all; 0: they may not ask for more time.
    :param added_seconds: what they have added.
    :param held_until: until then it does not count as idle, in seconds since the epoch: its user asked for more time.
    """

    profile: str
    idle_seconds: int
    max_age_seconds: int
    gpus: int = 0
    lesson_at: float = 0.0
    keep_until: float = 0.0
    opened: bool = False
    more_time_seconds: int = 0
    added_seconds: int = 0
    held_until: float = 0.0

    @property
    def allowed_age_seconds(self) -> int:
        """How long it may run, with what its user has added; 0: without end."""
        return self.max_age_seconds and self.max_age_seconds + self.added_seconds

    @property
    def prewarmed(self) -> bool:
        """Whether it was started for a lesson, and not opened yet."""
        return bool(self.lesson_at) and not self.opened

    @classmethod
    def of(cls, plan: LabPlan, start: Prewarm | None = None) -> LabState:
        """The state of a lab that is started by this plan, for a lesson or by its user."""
        return cls(
            profile=plan.profile,
            idle_seconds=plan.idle_seconds,
            max_age_seconds=plan.max_age_seconds,
            gpus=plan.gpus,
            more_time_seconds=plan.more_time_seconds,
            lesson_at=start.lesson_at if start else 0.0,
            keep_until=start.keep_until if start else 0.0,
        )

    def as_state(self) -> dict[str, Any]:
        """Plain data for the spawner's state."""
        return {STATE: {STORED_NAMES.get(name, name): value for name, value in asdict(self).items()}}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> LabState | None:
        """What a spawner's state holds of it, less what only a newer version knows; None where it holds nothing."""
        found = state.get(STATE)
        if not found:
            return None
        names = {each.name: STORED_NAMES.get(each.name, each.name) for each in fields(cls)}
        return cls(**{name: found[stored] for name, stored in names.items() if stored in found})


def report_seconds(idle_seconds: int) -> int:
    """How often a lab tells the hub when something last ran in it: often enough for its own timeout."""
    return max(1, min(LONGEST_REPORT_SECONDS, idle_seconds // 4)) if idle_seconds else LONGEST_REPORT_SECONDS


def why_over(lab_state: LabState, *, idle_for_seconds: float, runs_for_seconds: float, now: float) -> Said:
    """Why a lab's time is over, for its owner; nothing: it is not.

    :param now: seconds since the epoch.
    """
    if lab_state.prewarmed:
        return NOT_OPENED if now >= lab_state.keep_until else NOTHING
    runs_for_seconds = min(runs_for_seconds, now - lab_state.lesson_at)
    if lab_state.max_age_seconds and runs_for_seconds >= lab_state.allowed_age_seconds:
        return say("ended.max_age", longest=lab_state.allowed_age_seconds)
    if now < lab_state.held_until:
        return NOTHING
    if lab_state.idle_seconds and min(idle_for_seconds, runs_for_seconds) >= lab_state.idle_seconds:
        return say("ended.idle", idle=lab_state.idle_seconds)
    return NOTHING


def why_ended(state: Mapping[str, Any], memory_bytes: int) -> Said:
    """Why a lab's container ended by itself, for its owner; nothing: it was shut down in an orderly way.

    :param state: the engine's `State` of the container.
    :param memory_bytes: what the lab may use.
    """
    if state["ExitCode"] == 0:
        return NOTHING
    if state.get("OOMKilled") and state["ExitCode"] == KILLED:
        return say(OUT_OF_MEMORY, memory=memory_bytes)
    return say("ended.by_itself", code=state["ExitCode"])


def is_over(
    lab_state: LabState, *, idle_for_seconds: float, runs_for_seconds: float, culling_for_seconds: float, now: float
) -> bool:
    """Whether a lab is to be stopped.

    :param culling_for_seconds: how long there has been a hub that labs could report to. After a break of the hub, a lab
        in full use looks idle until its next report, so idleness counts only when there was time for two, or for one
        after the longest wait between two tries to reach the hub.
    """
    report = report_seconds(lab_state.idle_seconds)
    if culling_for_seconds < report + max(report, LONGEST_RETRY_SECONDS):
        lab_state = replace(lab_state, idle_seconds=0)
    return bool(why_over(lab_state, idle_for_seconds=idle_for_seconds, runs_for_seconds=runs_for_seconds, now=now))


def culling_for_seconds() -> float:
    """How long there has been a hub that labs could report to, since its clock was last set: one that is set forward,
    as after the machine slept, makes labs look idle just as a break of the hub does."""
    global _culling_since, _clock_ahead
    now = time.monotonic()
    ahead = time.time() - now
    if abs(ahead - _clock_ahead) > CLOCK_STEP_SECONDS:
        _culling_since = now
    _clock_ahead = ahead
    return now - _culling_since


def arbiter(inactive: timedelta | None, inactive_limit: int, server: Mapping[str, Any]) -> bool:
    """What the idle culler asks: whether to stop this lab.

    :param inactive_limit: seconds, for a lab whose state tells nothing: one that an older Homeroom started. 0: never.
    """
    lab_state = LabState.from_state(server.get("state") or {})
    if lab_state is None:
        lab_state = LabState(profile="", idle_seconds=inactive_limit, max_age_seconds=0)
    runs_for = datetime.now(UTC) - datetime.fromisoformat(server["started"])
    return is_over(
        lab_state,
        idle_for_seconds=(runs_for if inactive is None else inactive).total_seconds(),
        runs_for_seconds=runs_for.total_seconds(),
        culling_for_seconds=culling_for_seconds(),
        now=time.time(),
    )
