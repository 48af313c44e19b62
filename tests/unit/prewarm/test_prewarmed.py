"""Labs that are started for a lesson: what is noted of each, and which of them are evicted for a user in the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from homeroom.culling.culling import LabState, Prewarm
from homeroom.culling.lab_prewarm import LabPrewarm
from homeroom.queue.resources import Key, Resources, Running
from homeroom.spawner.eviction import evict
from homeroom.spawner.record import LabRecord
from homeroom.texts.said import say

NEED = Resources(memory_bytes=1024, cpus=1.0)


class Lab:
    """A lab of the hub's; `lesson_at` 0 is one that its person started."""

    def __init__(self, name: str, *, lesson_at: float = 0.0, opened: bool = False, ready: bool = True) -> None:
        self.key: Key = (name, "")
        self.ready = ready
        self.was_opened = opened
        self.saved = 0
        self.gone = False
        self.kept = LabRecord(
            LabState(profile="p", idle_seconds=0, max_age_seconds=0, lesson_at=lesson_at, keep_until=lesson_at)
        )
        self.prewarm = LabPrewarm(self.kept, was_opened=lambda: self.was_opened, save=self._save)

    def _save(self) -> None:
        self.saved += 1

    async def evict(self) -> None:
        self.gone = True


def gone(labs: Sequence[Lab], missing: Resources) -> list[str]:
    """Who is stopped where so much is missing."""
    seen = {lab.key: Running(resources=NEED) for lab in labs}
    made = asyncio.run(evict(labs, seen, missing))
    found = [lab.key[0] for lab in labs if lab.gone]
    assert made == bool(found)
    return found


def test_an_opening_is_noted_once() -> None:
    """Who opens the lab that was started for them has opened it for good, and that is recorded at once."""
    lab = Lab("ada", lesson_at=10.0)
    assert lab.prewarm.prewarmed
    lab.was_opened = True
    assert not lab.prewarm.prewarmed
    lab.was_opened = False  # they signed out
    assert not lab.prewarm.prewarmed
    assert lab.saved == 1


def test_a_lab_of_its_persons_own_waits_for_nobody() -> None:
    """What somebody started themselves is never taken for a lab that nobody has opened."""
    assert not Lab("ada").prewarm.prewarmed


@pytest.mark.parametrize(("until", "kept", "saved"), [(20.0, 20.0, 1), (5.0, 10.0, 0)])
def test_a_lab_waits_for_the_later_lesson(until: float, kept: float, saved: int) -> None:
    """A lab that nobody has opened goes on for another lesson that ends later, and for no shorter time."""
    lab = Lab("ada", lesson_at=10.0)
    lab.prewarm.keep_for(Prewarm(lesson_at=until, keep_until=until))
    assert lab.kept.lab_state
    assert (lab.kept.lab_state.keep_until, lab.saved) == (kept, saved)


def test_labs_of_the_latest_lesson_are_evicted_first() -> None:
    """As many as it takes, beginning with those that are needed last."""
    labs = [Lab("first", lesson_at=1.0), Lab("last", lesson_at=3.0), Lab("second", lesson_at=2.0)]
    assert gone(labs, Resources(memory_bytes=1500, cpus=0.0)) == ["last", "second"]


def test_a_lab_in_use_is_never_evicted() -> None:
    """Neither one that was opened, nor one that its person started, nor one that is just starting or stopping."""
    labs = [Lab("opened", lesson_at=1.0, opened=True), Lab("own"), Lab("starting", lesson_at=1.0, ready=False)]
    assert gone(labs, Resources(memory_bytes=1, cpus=0.0)) == []


def test_no_lab_is_evicted_in_vain() -> None:
    """Where all labs that nobody has opened are not enough, none is stopped."""
    assert gone([Lab("ada", lesson_at=1.0)], Resources(memory_bytes=4096, cpus=0.0)) == []


def test_what_is_kept_of_a_lab_outlives_the_hub() -> None:
    """Facts, the reason of the last end and a reset that was asked for are found again by the next hub; what was never
    there takes no room in its database."""
    kept = Lab("ada", lesson_at=10.0).kept
    over = say("ended.idle", idle=600)
    kept.ended, kept.reset = over, True
    after = LabRecord()
    after.load({**kept.stored(), "object_id": "abc"})
    assert after == kept
    after.forget_lab()
    assert (after.lab_state, after.ended, after.reset) == (None, over, True)
    assert LabRecord().stored() == {}
