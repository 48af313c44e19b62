"""The queue for GPUs: in order, without those for whom waiting is of no use."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from homeroom.contract.labels import GPUS_LABEL, MAX_AGE_LABEL, USER_LABEL
from homeroom.gpus import queue
from homeroom.gpus.leases import Unavailable
from homeroom.gpus.pool import GPUPool


def container(user: str, gpus: str, *, max_age_seconds: int = 0) -> dict[str, Any]:
    """A running lab as the engine lists it."""
    labels = {USER_LABEL: user, GPUS_LABEL: gpus, MAX_AGE_LABEL: str(max_age_seconds)}
    return {"Id": user, "State": "running", "Created": time.time(), "Labels": labels}


class Machine:
    """Two GPUs, and labs that hold some."""

    def __init__(self, *labs: dict[str, Any], per_user: int = 0) -> None:
        self.labs = list(labs)
        self.pool = GPUPool(gpus=[{"id": "a"}, {"id": "b"}], per_user=per_user)
        self.pool.list_containers = self.listing
        self.queue = self.pool.queue

    async def listing(self) -> list[dict[str, Any]]:
        """What the engine says."""
        return list(self.labs)


def play(story: Coroutine[Any, Any, None]) -> None:
    """Play a story, and not for ever."""
    asyncio.run(asyncio.wait_for(story, 20))


def test_what_is_free_is_leased_at_once() -> None:
    """No lab waits for a free GPU, and the queue is empty afterwards."""

    async def story() -> None:
        machine = Machine()
        assert (await machine.queue.lease(("ada", ""), 2, 0)).devices == ("a", "b")
        assert len(machine.queue) == 0

    play(story())


def test_the_line_ends_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fell free in time: the reason says what is there, and when the next is due."""
    monkeypatch.setattr(queue, "RECHECK_SECONDS", 0.02)

    async def story() -> None:
        machine = Machine(container("bela", "a,b", max_age_seconds=600))
        with pytest.raises(Unavailable, match="Free now: 0 of 2") as refusal:
            await machine.queue.lease(("ada", ""), 1, 0.1)
        assert refusal.value.next_free_seconds is not None
        assert len(machine.queue) == 0

    play(story())


@pytest.mark.parametrize("place", ["first", "behind others"])
def test_who_waits_for_nothing_is_told_at_once(place: str) -> None:
    """More GPUs than a person may hold never fall free for them, wherever they stand."""

    async def story() -> None:
        machine = Machine(container("bela", "a,b"), per_user=1)
        other = asyncio.create_task(machine.queue.lease(("cyd", ""), 1, 60))
        if place == "behind others":
            await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="one person can have 1") as refusal:
            await machine.queue.lease(("ada", ""), 2, 60)
        assert refusal.value.reason == "impossible"
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)

    play(story())


def test_the_estimate_counts_those_ahead() -> None:
    """Who is first waits for the first end, who is second for the second; who is third cannot be told."""

    async def story() -> None:
        machine = Machine(container("x", "a", max_age_seconds=600), container("y", "b", max_age_seconds=1200))
        waiting = [asyncio.create_task(machine.queue.lease((name, ""), 1, 60)) for name in ("ada", "bela")]
        await asyncio.sleep(0.05)
        told = [machine.queue.estimate(1, (name, "")).latest_seconds for name in ("ada", "bela")]
        assert [round(each or 0, -2) for each in told] == [600, 1200]
        assert machine.queue.estimate(1).latest_seconds is None
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    play(story())


def test_all_who_can_be_served_are_served_together() -> None:
    """The next in the queue does not wait for the next look at the engine."""

    async def story() -> None:
        machine = Machine(container("x", "a,b"))
        waiting = [asyncio.create_task(machine.queue.lease((name, ""), 1, 60)) for name in ("ada", "bela")]
        await asyncio.sleep(0.05)
        machine.labs.clear()
        machine.queue._waiting[0].first.set()  # as if it were time for its next look
        await waiting[0]
        for _ in range(5):  # turns of the loop, not seconds
            await asyncio.sleep(0)
        assert waiting[1].done()

    play(story())
