"""homeroom.spawner.start_slots: who may be starting a lab, and what a start that hangs costs the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from homeroom.spawner.start_slots import StartSlots

NEVER = 600.0


def play(story: Callable[[], Awaitable[None]]) -> None:
    """Run a story, bounded."""

    async def bounded() -> None:
        await asyncio.wait_for(story(), 20)

    asyncio.run(bounded())


class Starts:
    """Starts that end when they are told, each with the name of its person."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []

    def hanging(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        """A start that never ends by itself."""

        async def start() -> str:
            self.begun.append(name)
            try:
                await asyncio.sleep(NEVER)
            finally:
                self.ended.append(name)
            return name

        return start

    def quick(self, name: str) -> Callable[[], Coroutine[Any, Any, str]]:
        """A start that succeeds at once."""

        async def start() -> str:
            self.begun.append(name)
            return name

        return start


def test_starts_that_hang_keep_nobody_waiting() -> None:
    """As many homes as there are slots, each made to hang its start: the next in the queue starts when their slots end,
    while they still go on."""

    async def story() -> None:
        start_slots, starts = StartSlots(2, 0.05), Starts()
        hung = [asyncio.ensure_future(start_slots.take(name, starts.hanging(name), NEVER)) for name in ("eve", "mal")]
        assert await start_slots.take("ada", starts.quick("ada"), NEVER) == "ada"
        assert starts.ended == []
        for one in hung:
            one.cancel()
        await asyncio.gather(*hung, return_exceptions=True)
        assert sorted(starts.ended) == ["eve", "mal"], "who gives up takes the start along"

    play(story)


def test_who_hung_stands_behind_nobody_but_their_like() -> None:
    """A user whose start used up its slot takes no slot of the others' until a start of theirs ends in time."""

    async def story() -> None:
        start_slots, starts = StartSlots(1, 0.05), Starts()
        for name in ("eve", "mal"):
            with pytest.raises(TimeoutError):
                await start_slots.take(name, starts.hanging(name), 0.1)
        assert starts.ended == ["eve", "mal"]
        again = [asyncio.ensure_future(start_slots.take(name, starts.hanging(name), NEVER)) for name in ("eve", "mal")]
        await asyncio.sleep(0)
        assert start_slots.taken("eve")
        assert not start_slots.taken("ada")
        assert await start_slots.take("ada", starts.quick("ada"), NEVER) == "ada"
        for one in again:
            one.cancel()
        await asyncio.gather(*again, return_exceptions=True)
        await start_slots.take("eve", starts.quick("eve"), NEVER)
        blocker = asyncio.ensure_future(start_slots.take("mal", starts.hanging("mal"), NEVER))
        await asyncio.sleep(0)
        assert not start_slots.taken("eve"), "a start in time makes it good"
        blocker.cancel()
        await asyncio.gather(blocker, return_exceptions=True)

    play(story)


def test_who_is_merely_slow_stands_with_the_others() -> None:
    """On a machine that is slow for everybody a start may take longer than its slot: who is there in the end has not
    lost their place among the others."""

    async def story() -> None:
        start_slots = StartSlots(1, 0.05)

        async def slowly() -> str:
            await asyncio.sleep(0.2)
            return "ada"

        assert await start_slots.take("ada", slowly, NEVER) == "ada"
        late = asyncio.ensure_future(start_slots.take("eve", Starts().hanging("eve"), 0.2))
        await asyncio.gather(late, return_exceptions=True)
        again = asyncio.ensure_future(start_slots.take("eve", Starts().hanging("eve"), NEVER))
        await asyncio.sleep(0)
        assert (start_slots.taken("eve"), start_slots.taken("ada")) == (True, False)
        again.cancel()
        await asyncio.gather(again, return_exceptions=True)

    play(story)


def test_a_start_that_fails_says_why() -> None:
    """What a start raises is raised to who waits for it, and its slot is the next one's."""

    async def story() -> None:
        start_slots = StartSlots(1, NEVER)

        async def fail() -> str:
            raise OSError("no such image")

        with pytest.raises(OSError, match="no such image"):
            await start_slots.take("ada", fail, NEVER)
        assert await start_slots.take("bela", Starts().quick("bela"), NEVER) == "bela"

    play(story)


def test_who_leaves_while_waiting_never_starts() -> None:
    """Cancelling before a slot is free starts nothing and takes no slot."""

    async def story() -> None:
        start_slots, starts = StartSlots(1, NEVER), Starts()
        first = asyncio.ensure_future(start_slots.take("ada", starts.hanging("ada"), NEVER))
        second = asyncio.ensure_future(start_slots.take("bela", starts.quick("bela"), NEVER))
        while not starts.begun:
            await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert starts.begun == ["ada"]
        assert not start_slots.taken("cora")

    play(story)
