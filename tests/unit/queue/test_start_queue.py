"""The start queue: which lab is served when, and that never more is reserved than there is."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from homeroom.queue import start_queue as module
from homeroom.queue.resources import Key, Resources, Running, choose_evictions, count_that_fit, estimate, total
from homeroom.queue.set_aside import SetAside
from homeroom.queue.start_queue import Full, StartQueue
from hypothesis import given, settings
from hypothesis import strategies as st

GIB = 2**30
CAPACITY = Resources(memory_bytes=10, cpus=100.0)


def resources(size: int, cpus: float = 1.0) -> Resources:
    """A need of so many bytes."""
    return Resources(memory_bytes=size, cpus=cpus)


NEEDS = st.builds(resources, st.integers(1, 12), st.sampled_from([0.1, 0.5, 1.0, 30.0, 100.0]))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECHECK_SECONDS", 0.01)


class Engine:
    """Containers, as an engine would list them."""

    def __init__(self) -> None:
        self.labs: dict[Key, Running] = {}
        self.listings = 0
        self.faults = 0
        self.during: Callable[[], Awaitable[None]] | None = None

    async def running(self) -> Mapping[Key, Running]:
        """The listing; `during` happens after the engine looked and before its answer is read."""
        self.listings += 1
        await asyncio.sleep(0)
        if self.faults:
            self.faults -= 1
            raise OSError("the engine is away")
        seen = dict(self.labs)
        if self.during:
            await self.during()
        return seen

    def start(self, name: str, one: Resources) -> None:
        """A container comes to be."""
        self.labs[name, ""] = Running(resources=one)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario; one that hangs fails. One that is merely slow, as under a profiler, does not."""

    async def bounded() -> None:
        await asyncio.wait_for(scenario(), 60)

    asyncio.run(bounded())


@pytest.mark.parametrize(
    ("waiting", "used", "served"),
    [
        ([], 0, 0),
        ([4, 4], 0, 2),
        ([4, 4, 4], 0, 2),
        ([8, 1], 4, 0),
        ([10], 0, 1),
        ([11], 0, 0),
        ([1], 10, 0),
        ([2, 9, 1], 0, 1),
    ],
)
def test_the_head_of_the_queue_is_served_as_far_as_there_is_room(waiting: list[int], used: int, served: int) -> None:
    """Everybody in order while they fit; nobody behind one who does not fit, however small."""
    assert (
        count_that_fit([resources(size) for size in waiting], resources(used, 0), [CAPACITY] * len(waiting)) == served
    )


def test_cpus_count_as_memory_does() -> None:
    """A lab whose memory fits waits for CPUs; tenths add up without a rounding error."""
    assert count_that_fit([resources(1, 60.0), resources(1, 60.0)], resources(0, 0), [CAPACITY] * 2) == 1
    assert count_that_fit([resources(1, 0.1)] * 10, resources(0, 0), [resources(100, 1.0)] * 10) == 10


@given(st.lists(NEEDS), NEEDS)
def test_who_is_served_fits_and_the_next_does_not(waiting: list[Resources], used: Resources) -> None:
    """For any line: those served fit together, and the first who is not would not."""
    served = count_that_fit(waiting, used, [CAPACITY] * len(waiting))
    if served:
        assert total([used, *waiting[:served]]).fits(CAPACITY)
    if served < len(waiting):
        assert not total([used, *waiting[: served + 1]]).fits(CAPACITY)


def test_capacity_is_had_at_once_and_reserved() -> None:
    """A lab that fits does not wait, and what it reserves is counted until it is released."""

    async def scenario() -> None:
        start_queue = StartQueue(CAPACITY, Engine().running)
        await start_queue.wait_for(("ada", ""), resources(7), 1)
        assert await start_queue.used() == resources(7)
        assert start_queue.position(("ada", "")) == 0
        start_queue.release(("ada", ""))
        assert (await start_queue.used()).memory_bytes == 0

    run(scenario)


def test_reserved_and_running_counts_once() -> None:
    """Between the container's birth and the release the lab is in both and is counted once."""

    async def scenario() -> None:
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running)
        await start_queue.wait_for(("ada", ""), resources(7), 1)
        engine.start("ada", resources(7))
        assert (await start_queue.used()).memory_bytes == 7

    run(scenario)


def test_a_container_born_while_the_engine_was_asked_is_not_forgotten() -> None:
    """Released after the engine looked and before its answer is read: still counted, or two would share what one
    reserved."""

    async def scenario() -> None:
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running)
        await start_queue.wait_for(("ada", ""), resources(7), 1)

        async def born() -> None:
            engine.start("ada", resources(7))
            start_queue.release(("ada", ""))

        engine.during = born
        assert (await start_queue.used()).memory_bytes == 7

    run(scenario)


def test_the_queue_is_served_in_order_and_no_lab_overtakes() -> None:
    """A small lab behind a large one that does not fit waits, though it would fit itself."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(5))
        start_queue = StartQueue(CAPACITY, engine.running)
        large = asyncio.create_task(start_queue.wait_for(("ada", ""), resources(8), 5))
        await asyncio.sleep(0)
        small = asyncio.create_task(start_queue.wait_for(("bela", ""), resources(1), 5))
        await asyncio.sleep(0.05)
        assert not large.done()
        assert not small.done()
        assert (start_queue.position(("ada", "")), start_queue.position(("bela", ""))) == (1, 2)
        del engine.labs["zoe", ""]
        await large
        await small
        assert (await start_queue.used()).memory_bytes == 9

    run(scenario)


def test_a_long_queue_asks_the_engine_once_a_round() -> None:
    """Only the head of the queue asks the engine: thirty users who wait are no load on it."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(10))
        start_queue = StartQueue(CAPACITY, engine.running)
        waits = [asyncio.create_task(start_queue.wait_for((str(i), ""), resources(1), 0.1)) for i in range(30)]
        done = await asyncio.gather(*waits, return_exceptions=True)
        assert all(isinstance(each, Full) for each in done)
        assert engine.listings < 45

    run(scenario)


def test_who_waited_for_too_long_is_told_and_out_of_the_queue() -> None:
    """After the time in the queue there is a plain message, no reservation, and the next moves up."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(10))
        start_queue = StartQueue(CAPACITY, engine.running)
        with pytest.raises(Full, match="none became free in time"):
            await start_queue.wait_for(("ada", ""), resources(1), 0.03)
        assert start_queue.position(("ada", "")) == 0
        assert (await start_queue.used()).memory_bytes == 10

    run(scenario)


def test_a_lab_larger_than_the_capacity_does_not_wait() -> None:
    """It is refused at once, and nobody behind it waits for it."""

    async def scenario() -> None:
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running)
        with pytest.raises(Full, match="needs more than this machine offers"):
            await start_queue.wait_for(("ada", ""), resources(11), 60)
        assert engine.listings == 0
        await start_queue.wait_for(("bela", ""), resources(10), 1)

    run(scenario)


def test_who_gives_up_leaves_no_trace() -> None:
    """A cancelled wait, in the queue or served already, holds nothing; the next is served."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(5))
        start_queue = StartQueue(CAPACITY, engine.running)
        first = asyncio.create_task(start_queue.wait_for(("ada", ""), resources(8), 5))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(start_queue.wait_for(("bela", ""), resources(5), 5))
        await asyncio.sleep(0.02)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        await second
        assert (await start_queue.used()).memory_bytes == 10

    run(scenario)


def test_a_start_cancelled_while_served_releases_its_reservation() -> None:
    """A ticket that is served in the very moment in which its owner gives up is not lost."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(5))
        start_queue = StartQueue(CAPACITY, engine.running)
        first = asyncio.create_task(start_queue.wait_for(("ada", ""), resources(5), 5))
        second = asyncio.create_task(start_queue.wait_for(("bela", ""), resources(5), 5))
        await asyncio.sleep(0)
        while not start_queue._reserved:
            await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        if not first.cancelled():
            start_queue.release(("ada", ""))
        await second
        assert (await start_queue.used()).memory_bytes == 10

    run(scenario)


def test_an_engine_that_fails_once_costs_no_lab_its_position() -> None:
    """While the engine does not answer nobody is served, and nobody is turned away."""

    async def scenario() -> None:
        engine = Engine()
        engine.faults = 3
        start_queue = StartQueue(CAPACITY, engine.running)
        await start_queue.wait_for(("ada", ""), resources(1), 5)
        assert engine.listings == 4

    run(scenario)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 10), st.booleans(), st.integers(0, 3)), min_size=1, max_size=12), st.integers()
)
def test_never_more_is_reserved_than_there_is(people: list[tuple[int, bool, int]], seed: int) -> None:
    """Whatever the order of asking, starting, failing, giving up and stopping: containers and those about to be made
    fit the budget at every step, all who stay are served, in the order in which they asked."""

    async def scenario() -> None:
        chance = random.Random(seed)
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running)
        held: dict[Key, Resources] = {}
        served: list[int] = []

        async def pause() -> None:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)

        engine.during = pause

        def check() -> None:
            assert total(list(held.values())).fits(CAPACITY), held

        async def person(number: int, size: int, gives_up: bool, fails: int) -> None:
            key = (str(number), "")
            await start_queue.wait_for(key, resources(size), 60)
            try:
                served.append(number)
                held[key] = resources(size)
                check()
                await pause()
                if not fails:
                    engine.labs[key] = Running(resources=resources(size))
                    await pause()
                    start_queue.release(key)
                    await pause()
            finally:
                del held[key]
                engine.labs.pop(key, None)
                start_queue.release(key)

        tasks = [asyncio.create_task(person(number, *each)) for number, each in enumerate(people)]
        await pause()
        for task, each in zip(tasks, people, strict=True):
            if each[1]:
                await pause()
                task.cancel()
        done: list[Any] = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [each for each in done if isinstance(each, Exception)]
        assert served == sorted(served)
        assert {number for number, each in enumerate(people) if not each[1]} <= set(served)
        assert await start_queue.used() == total([])

    run(scenario)


def lab(size: int, **facts: Any) -> Running:
    """A running lab."""
    return Running(resources=resources(size), **facts)


@pytest.mark.parametrize(
    ("running", "before", "latest", "likely"),
    [
        ([lab(10, started=0, max_age_seconds=1600)], 0, 600, None),
        ([lab(10)], 0, None, None),
        ([lab(10, idle_seconds=3600, last_activity=0)], 0, None, 2600),
        ([lab(10, idle_seconds=3600, last_activity=900)], 0, None, None),
        ([lab(10, last_activity=0)], 0, None, None),
        ([lab(10, max_age_seconds=9000, idle_seconds=2000, last_activity=100)], 0, 8000, 1100),
        ([lab(10, max_age_seconds=1500, idle_seconds=2000, last_activity=100)], 0, 500, None),
        ([lab(10, max_age_seconds=900)], 0, 0, None),
        ([lab(5, max_age_seconds=2000), lab(5, max_age_seconds=1500)], 0, 500, None),
        ([lab(5, max_age_seconds=2000), lab(5, max_age_seconds=1500)], 5, 1000, None),
        ([lab(5, max_age_seconds=2000), lab(5)], 5, None, None),
        ([lab(2)], 0, 0, None),
    ],
    ids=[
        "longest",
        "nothing-sure",
        "idle",
        "just-used",
        "never-idle",
        "both",
        "idle-later",
        "overdue",
        "earliest",
        "behind-others",
        "behind-others-unknown",
        "free",
    ],
)
def test_when_a_lab_can_start(running: list[Running], before: int, latest: float, likely: float) -> None:
    """At time 1000: sure by the longest run, likely by idleness of at least ten minutes, unknown otherwise; those
    ahead in the queue come first."""
    found = estimate(resources(4), resources(before, 0), running, CAPACITY, 1000.0)
    assert (found.latest_seconds, found.likely_seconds) == (latest, likely)


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 1000)), max_size=8)
)
def test_an_estimate_keeps_its_word(facts: list[tuple[int, int, int, int]]) -> None:
    """At the estimated moment there is room, whoever else stays; what is likely is never later than what is sure."""
    running = [
        lab(size, max_age_seconds=longest, idle_seconds=idle, last_activity=float(used))
        for size, longest, idle, used in facts
    ]
    found = estimate(resources(4), resources(0, 0), running, CAPACITY, 1000.0)
    if found.latest_seconds is not None:
        then = 1000 + found.latest_seconds
        left = [one.resources for one in running if one.sure_end() is None or (one.sure_end() or 0) > then]
        assert (total(left) + resources(4)).fits(CAPACITY)
        assert found.likely_seconds is None or found.likely_seconds < found.latest_seconds


def test_the_estimate_of_who_waits_counts_those_ahead_only() -> None:
    """Number two is told of the second lab to end; a newcomer of the one after that."""

    async def scenario() -> None:
        engine = Engine()
        for name, longest in (("x", 100), ("y", 200), ("z", 300)):
            engine.labs[name, ""] = Running(resources=resources(3), max_age_seconds=longest)
        start_queue = StartQueue(CAPACITY, engine.running)
        waits = [asyncio.create_task(start_queue.wait_for((name, ""), resources(3), 0.05)) for name in ("ada", "bela")]
        await asyncio.sleep(0.02)
        found = [
            start_queue.estimate(resources(3), key, now=0.0).latest_seconds for key in (("ada", ""), ("bela", ""), None)
        ]
        assert found == [100, 200, 300]
        await asyncio.gather(*waits, return_exceptions=True)

    run(scenario)


ASIDE = SetAside(is_for=lambda key: key[0].startswith("grader-"), resources=lambda: resources(3))


def test_what_is_set_aside_is_for_some_labs_alone() -> None:
    """A class that fills the machine leaves it free: the lab that it is for starts at once, also past those who wait.
    What that lab has is then not kept a second time; when it has ended, it is kept again."""

    async def scenario() -> None:
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running, set_aside=ASIDE)
        engine.start("ada", resources(4))
        assert await start_queue.take(("prewarmed", ""), resources(1))
        assert not await start_queue.take(("another", ""), resources(2))
        start_queue.release(("prewarmed", ""))
        waiting = asyncio.create_task(start_queue.wait_for(("bela", ""), resources(4), 5))
        await asyncio.sleep(0.05)
        assert start_queue.position(("bela", "")) == 1
        assert start_queue.short(resources(4), ("bela", "")) == ["memory"]
        assert start_queue.capacity_for_others == resources(7, 99.0)
        await start_queue.wait_for(("grader-botany", ""), resources(3), 0)
        engine.start("grader-botany", resources(3))
        start_queue.release(("grader-botany", ""))
        await start_queue.used()
        assert start_queue.capacity_for_others == CAPACITY
        assert not waiting.done()
        engine.labs.clear()
        await waiting

    run(scenario)


def test_what_is_set_aside_keeps_nobody_waiting_for_ever() -> None:
    """A lab that is larger than what is left beside it may have of it; labs that it is for come first, in their order,
    where it is taken."""

    async def scenario() -> None:
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running, set_aside=ASIDE)
        await start_queue.wait_for(("ada", ""), resources(9), 0)
        names = ["bela", "grader-a", "chen", "grader-b"]
        waits = [asyncio.create_task(start_queue.wait_for((name, ""), resources(3), 5)) for name in names]
        await asyncio.sleep(0.05)
        assert [start_queue.position((name, "")) for name in names] == [3, 1, 4, 2]
        start_queue.release(("ada", ""))
        done, _ = await asyncio.wait(waits, timeout=2, return_when=asyncio.ALL_COMPLETED)
        assert {waits.index(each) for each in done} == {0, 1, 3}
        start_queue.release(("bela", ""))
        await asyncio.gather(*waits)

    run(scenario)


def test_capacity_is_taken_only_where_some_is_to_spare() -> None:
    """A lab that no user waits for is begun while one more such lab would fit, and keeps its reservation without a
    wait."""

    async def scenario() -> None:
        engine = Engine()
        start_queue = StartQueue(CAPACITY, engine.running)
        assert await start_queue.take(("a", ""), resources(4))
        assert not await start_queue.take(("b", ""), resources(4))
        assert await start_queue.take(("c", ""), resources(3))
        await start_queue.wait_for(("a", ""), resources(4), 0)
        assert (await start_queue.used()).memory_bytes == 7

    run(scenario)


def test_a_lab_that_begins_anew_keeps_its_reservation_and_no_more() -> None:
    """Between its end and its next start no other lab has its reservation; where it wants more than it had, it waits,
    and of what it had nothing is held from others."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(8))
        start_queue = StartQueue(CAPACITY, engine.running)
        waiting = asyncio.create_task(start_queue.wait_for(("ada", ""), resources(4), 5))
        await asyncio.sleep(0.02)
        start_queue.keep(("zoe", ""))
        del engine.labs["zoe", ""]
        await asyncio.sleep(0.1)  # a few looks at what runs
        assert not waiting.done()
        await start_queue.wait_for(("zoe", ""), resources(8), 0)
        assert (await start_queue.used()).memory_bytes == 8
        with pytest.raises(Full):
            await start_queue.wait_for(("zoe", ""), resources(9), 0)
        await waiting

    run(scenario)


def test_nothing_is_taken_while_a_lab_waits() -> None:
    """While somebody waits, also from the very moment in which the engine is asked, there is no capacity to spare."""

    async def scenario() -> None:
        engine = Engine()
        engine.start("zoe", resources(5))
        start_queue = StartQueue(CAPACITY, engine.running)
        waiting = asyncio.create_task(start_queue.wait_for(("ada", ""), resources(8), 5))
        await asyncio.sleep(0.02)
        assert not await start_queue.take(("b", ""), resources(1))
        del engine.labs["zoe", ""]
        await waiting
        start_queue.release(("ada", ""))
        late: list[asyncio.Task[None]] = []

        async def comes() -> None:
            if not late:
                late.append(asyncio.create_task(start_queue.wait_for(("bela", ""), resources(8), 5)))
                await asyncio.sleep(0)

        engine.during = comes
        assert not await start_queue.take(("c", ""), resources(1))
        await late[0]

    run(scenario)


def test_prewarmed_labs_are_evicted_at_once() -> None:
    """Who does not fit beside such labs can start as soon as enough of them are stopped, and no more are."""

    async def scenario() -> None:
        engine = Engine()
        for name in ("warm1", "warm2", "warm3"):
            engine.start(name, resources(3))
        asked: list[Resources] = []

        async def evict(missing: Resources) -> bool:
            asked.append(missing)
            going = choose_evictions([(key, one.resources) for key, one in engine.labs.items()], missing)
            for key in going:
                del engine.labs[key]
            return bool(going)

        start_queue = StartQueue(CAPACITY, engine.running, evict)
        await start_queue.wait_for(("ada", ""), resources(1), 0)
        assert asked == []
        await start_queue.wait_for(("bela", ""), resources(4), 0)
        assert asked == [resources(4, 0)]
        assert list(engine.labs) == [("warm3", "")]
        with pytest.raises(Full):
            await start_queue.wait_for(("chen", ""), resources(10), 0.02)
        assert list(engine.labs) == [("warm3", "")]

    run(scenario)


@given(st.lists(NEEDS, max_size=6), NEEDS)
def test_as_many_are_evicted_as_it_takes(unopened: list[Resources], missing: Resources) -> None:
    """Those who go free what is missing and without the last of them would not; none goes where all do not help."""
    labs = [((str(number), ""), one) for number, one in enumerate(unopened)]
    going = choose_evictions(labs, missing)
    assert going == [key for key, _ in labs][: len(going)]
    if going:
        assert missing.fits(total(unopened[: len(going)]))
        assert not missing.fits(total(unopened[: len(going) - 1]))
    else:
        assert not missing.fits(total(unopened))
