"""When labs end by themselves: idle for too long, or running for longer than their profile lets them.

The library jupyterhub-idle-culler asks `arbiter` about each running lab; `idle_culler_config.py` says so. What a lab's
plan allows travels in the spawner's state, so that a lab keeps the rules that it was started with.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from homeroom.plan import LabPlan

STATE = "homeroom"
"""The key of the facts in the spawner's state."""

LONGEST_REPORT_SECONDS = 300
_culling_since = time.monotonic()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is to be known of a running lab when its end is decided.

    :param idle_seconds: idle for this long, it is stopped; 0: never.
    :param longest_seconds: running for this long, it is stopped, busy or not; 0: never.
    """

    profile: str
    idle_seconds: int
    longest_seconds: int
    gpus: int = 0

    @classmethod
    def of(cls, plan: LabPlan) -> Facts:
        """The facts of a lab that is started by this plan."""
        return cls(
            profile=plan.profile,
            idle_seconds=plan.idle_seconds,
            longest_seconds=plan.longest_seconds,
            gpus=plan.gpus,
        )

    def as_state(self) -> dict[str, Any]:
        """Plain data for the spawner's state."""
        return {STATE: asdict(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Facts | None:
        """The facts that a spawner's state holds; None where it holds none."""
        found = state.get(STATE)
        return cls(**found) if found else None


def report_seconds(idle_seconds: int) -> int:
    """How often a lab tells the hub when something last ran in it: often enough for its own timeout."""
    return max(1, min(LONGEST_REPORT_SECONDS, idle_seconds // 4)) if idle_seconds else LONGEST_REPORT_SECONDS


def is_over(facts: Facts, *, idle_for_seconds: float, runs_for_seconds: float, culling_for_seconds: float) -> bool:
    """Whether a lab's time is over.

    :param culling_for_seconds: how long there has been a hub that labs could report to. After a break of the hub, a lab
        in full use looks idle until its next report, so idleness counts only when there was time for two.
    """
    if facts.longest_seconds and runs_for_seconds >= facts.longest_seconds:
        return True
    if not facts.idle_seconds or culling_for_seconds < 2 * report_seconds(facts.idle_seconds):
        return False
    return min(idle_for_seconds, runs_for_seconds) >= facts.idle_seconds


def arbiter(inactive: timedelta | None, inactive_limit: int, server: Mapping[str, Any]) -> bool:
    """What the idle culler asks: whether to stop this lab.

    :param inactive_limit: seconds, for a lab whose state tells nothing: one that an older Homeroom started. 0: never.
    """
    facts = Facts.from_state(server.get("state") or {})
    if facts is None:
        facts = Facts(profile="", idle_seconds=inactive_limit, longest_seconds=0)
    runs_for = datetime.now(UTC) - datetime.fromisoformat(server["started"])
    return is_over(
        facts,
        idle_for_seconds=(runs_for if inactive is None else inactive).total_seconds(),
        runs_for_seconds=runs_for.total_seconds(),
        culling_for_seconds=time.monotonic() - _culling_since,
    )
