"""What became of starts, as it is told to whoever counts it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from homeroom.labs.plan import LabPlan
from homeroom.spawner import outcomes
from homeroom.spawner.no_lab import NoLab
from homeroom.spawner.outcomes import MemoryKill, Outcome
from homeroom.spawner.record import LabRecord
from homeroom.spawner.start import Start
from homeroom.texts.said import say

PLAN = LabPlan(profile="standard", image="lab", memory_bytes=1, cpus=1.0)
REFUSED = NoLab(say("no_lab.engine"), reason="engine")


class Gives:
    """A queue, GPUs and slots that are there at once."""

    creating = None

    async def lease(self, *_: Any, **__: Any) -> None:
        await asyncio.sleep(0)

    async def wait_for(self, *_: Any) -> None:
        await asyncio.sleep(0)

    def release(self, *_: Any) -> None: ...

    async def take(self, _: str, make: Any, __: float) -> str:
        address: str = await make()
        return address


async def _nothing() -> None: ...


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Outcome | MemoryKill]:
    """What is told in a test."""
    monkeypatch.setattr(outcomes, "_listeners", [])
    found: list[Outcome | MemoryKill] = []
    outcomes.tell_to(found.append)
    return found


def start(error: BaseException | None = None, refusal: Exception | None = None) -> None:
    """Start a lab, which fails by an error or is refused."""

    async def make() -> str:
        if error:
            raise error
        return "http+unix://lab"

    def decide() -> LabPlan:
        if refusal:
            raise refusal
        return PLAN

    gives: Any = Gives()
    one = Start(
        key=("ada", ""),
        gpus=gives,
        start_queue=gives,
        start_slots=gives,
        queue_seconds=9,
        start_seconds=9,
        decide=decide,
        make=make,
        remove_older=_nothing,
        remove=_nothing,
    )
    asyncio.run(one.run(lambda: None))


def test_a_lab_that_answers_is_told(told: list[Outcome]) -> None:
    """With how long it waited and took."""
    start()
    (one,) = told
    assert (one.failure, 0 < one.waited_seconds < one.took_seconds) == ("", True)


@pytest.mark.parametrize(
    ("error", "word"), [(REFUSED, "engine"), (TimeoutError(), "timeout"), (RuntimeError("ada"), "error")]
)
def test_a_start_that_fails_is_told_with_its_reason(told: list[Outcome], error: Exception, word: str) -> None:
    """In one word that holds nothing of anybody's."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, it is told
        start(error)
    assert [one.failure for one in told] == [word]


def test_who_is_refused_or_leaves_is_no_failed_start(told: list[Outcome]) -> None:
    """A profile that is none of theirs, one lab too many, and a start that its user cancels."""
    with pytest.raises(NoLab):
        start(refusal=REFUSED)
    with pytest.raises(asyncio.CancelledError):
        start(asyncio.CancelledError())
    assert told == []


def test_who_counts_wrong_fails_no_start(told: list[Outcome]) -> None:
    """The others are told all the same."""

    def fails(_: object) -> None:
        raise ValueError

    outcomes._listeners.insert(0, fails)
    start()
    assert len(told) == 1


def test_a_lab_that_ran_out_of_memory_is_remembered() -> None:
    """Also by a hub that was restarted: it is told once. The next lab begins anew."""
    record = LabRecord(memory_kill=True)
    again = LabRecord()
    again.load(record.stored())
    assert again.memory_kill
    again.forget_lab()
    assert not LabRecord(memory_kill=again.memory_kill).stored()
