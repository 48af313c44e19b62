"""How much memory a lab takes, as the engine tells it: without waiting, and without asking it more than is needed."""

from __future__ import annotations

import asyncio
from typing import Any

import docker.errors
import pytest
from homeroom.spawner import memory_use
from homeroom.spawner.memory_use import Memory, MemoryUse, memory_of

V2 = {"memory_stats": {"usage": 700, "limit": 1000, "stats": {"active_file": 100, "inactive_file": 200, "anon": 400}}}
V1 = {"memory_stats": {"usage": 700, "limit": 1000, "stats": {"total_active_file": 100, "total_inactive_file": 200}}}
PODMANS = {"memory_stats": {"usage": 400, "limit": 1000}}
FOUND = Memory(used_bytes=400, limit_bytes=1000)


class Engine:
    """A lab's spawner, as far as its engine is asked."""

    def __init__(self) -> None:
        self.object_id = "a"
        self.asked: list[str] = []
        self.goes_on = asyncio.Event()
        self.answer: Any = V2

    async def docker(self, method: str, container: str, *, stream: bool, one_shot: bool) -> Any:
        assert (method, stream, one_shot) == ("stats", False, True)
        self.asked.append(container)
        await self.goes_on.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_use, "WAIT_SECONDS", 0.01)


@pytest.mark.parametrize("figures", [V2, V1, PODMANS], ids=["cgroup v2", "cgroup v1", "Podman"])
def test_memory_without_what_the_system_gives_back(figures: Any) -> None:
    """What the system keeps of files is none of what the lab takes."""
    assert memory_of(figures) == FOUND


@pytest.mark.parametrize("figures", [{}, {"memory_stats": {}}, {"memory_stats": {"usage": 5, "limit": 0}}])
def test_a_lab_that_has_just_ended_takes_nothing_that_is_known(figures: Any) -> None:
    """Figures of a container without processes are empty."""
    assert memory_of(figures) is None


def test_no_page_waits_for_an_engine_that_hangs() -> None:
    """Who asks is told nothing after a moment, and the engine is asked once however many ask; its answer is shown to
    who asks next."""

    async def ask() -> None:
        engine = Engine()
        use = MemoryUse(engine)  # type: ignore[arg-type]
        assert await asyncio.gather(*(use.now() for _ in range(20))) == [None] * 20
        assert engine.asked == ["a"]
        engine.goes_on.set()
        await asyncio.sleep(0)
        assert await use.now() == FOUND
        assert engine.asked == ["a"]

    asyncio.run(ask())


def test_a_fresh_answer_is_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that ask at once share an answer; an old one, and one of the container before, are not shown."""

    async def ask() -> None:
        engine = Engine()
        engine.goes_on.set()
        use = MemoryUse(engine)  # type: ignore[arg-type]
        assert [await use.now(), await use.now()] == [FOUND, FOUND]
        assert engine.asked == ["a"]
        engine.object_id = "b"
        await use.now()
        assert engine.asked == ["a", "b"]
        monkeypatch.setattr(memory_use, "FRESH_SECONDS", -1.0)
        await use.now()
        assert engine.asked == ["a", "b", "b"]

    asyncio.run(ask())


def test_an_engine_that_refuses_is_no_error() -> None:
    """The page is shown without the figure."""

    async def ask() -> None:
        engine = Engine()
        engine.goes_on.set()
        engine.answer = docker.errors.NotFound("no such container")
        assert await MemoryUse(engine).now() is None  # type: ignore[arg-type]

    asyncio.run(ask())


def test_labs_that_start_are_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many home pages are open, few calls of theirs are on their way to the engine at a time."""

    async def ask() -> None:
        monkeypatch.setattr(MemoryUse, "_slots", asyncio.Semaphore(memory_use.MOST_AT_ONCE))
        engine = Engine()
        await asyncio.gather(*(MemoryUse(engine).now() for _ in range(30)))  # type: ignore[arg-type]
        assert len(engine.asked) == memory_use.MOST_AT_ONCE
        engine.goes_on.set()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            await task
        assert len(engine.asked) == 30

    asyncio.run(ask())
