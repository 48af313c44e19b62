"""homeroom.lti.keys, asking a real key server on this machine: nobody waits for a platform that hangs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from homeroom.lti.keys import FRESH_SECONDS, KEPT_SECONDS, PAUSE_SECONDS, KeySets, read_set
from homeroom.sign_in.way import Refused, Unreachable

from tests.lti_platform import LearningPlatform, learning_platform, new_key

FIRST, SECOND = new_key("first"), new_key("second")


@pytest.fixture
def school() -> Iterator[LearningPlatform]:
    """A platform with one key."""
    with learning_platform() as made:
        made.key, made.keys = FIRST, [FIRST]
        yield made


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


async def fetched(keys: KeySets, school: LearningPlatform, kid: str = "first") -> object:
    """The key of this id, with the fetch that it may begin."""
    found = await keys.key(f"{school.url}/jwks", kid, "RS256")
    await settled()
    return found


async def settled() -> None:
    """Until every task that was begun is over."""
    while len(asyncio.all_tasks()) > 1:
        await asyncio.sleep(0.01)


def test_keys_are_fetched_once(school: LearningPlatform) -> None:
    """A class that comes at once is one fetch."""

    async def run() -> None:
        keys = KeySets(Clock(), fetch_seconds=60)
        await asyncio.gather(*(keys.key(f"{school.url}/jwks", "first", "RS256") for _ in range(50)))
        await fetched(keys, school)

    asyncio.run(run())
    assert school.key_requests == 1


def test_a_new_key_is_fetched_and_an_unknown_one_asked_for_rarely(school: LearningPlatform) -> None:
    """A platform that changes its keys is followed at once; who makes keys up has the platform asked every half
    minute at most."""
    clock = Clock()

    async def run() -> None:
        keys = KeySets(clock, fetch_seconds=60)
        await fetched(keys, school)
        school.keys = [FIRST, SECOND]
        clock.now += PAUSE_SECONDS
        await fetched(keys, school, "second")
        for number in range(20):
            with pytest.raises(Refused) as refused:
                await fetched(keys, school, f"made up {number}")
            assert refused.value.reason == "unknown-key"
        assert school.key_requests == 2
        clock.now += PAUSE_SECONDS
        with pytest.raises(Refused):
            await fetched(keys, school, "made up")

    asyncio.run(run())
    assert school.key_requests == 3


def test_a_key_that_was_taken_back_ends(school: LearningPlatform) -> None:
    """A set is fetched anew after an hour, so a key that the platform has withdrawn signs nobody in for ever."""
    clock = Clock()

    async def run() -> None:
        keys = KeySets(clock, fetch_seconds=60)
        await fetched(keys, school)
        school.keys = [SECOND]
        clock.now += FRESH_SECONDS
        await fetched(keys, school, "first")  # nobody waits: this one still has the old set, and the next the new one
        with pytest.raises(Refused):
            await fetched(keys, school, "first")
        await fetched(keys, school, "second")

    asyncio.run(run())


def test_the_last_good_keys_are_kept(school: LearningPlatform) -> None:
    """A platform whose key server is down for an evening turns nobody away; for a day, it does."""
    clock = Clock()

    async def run() -> None:
        keys = KeySets(clock, fetch_seconds=60)
        await fetched(keys, school)
        school.jwks = lambda: {"error": "maintenance"}  # type: ignore[method-assign]
        clock.now += KEPT_SECONDS - 1
        await fetched(keys, school)
        clock.now += 1
        with pytest.raises(Unreachable):
            await fetched(keys, school)

    asyncio.run(run())


def test_a_key_server_that_hangs_keeps_nobody_else(school: LearningPlatform) -> None:
    """While one platform's key server does not answer, another platform's people come in."""
    released = threading.Event()
    school.delay = released.wait

    async def run() -> None:
        keys = KeySets(fetch_seconds=60)
        with learning_platform() as other:
            hanging = asyncio.create_task(keys.key(f"{school.url}/jwks", "first", "RS256"))
            await asyncio.sleep(0)
            found = await keys.key(f"{other.url}/jwks", other.key["kid"], "RS256")
            assert found is not None
            assert not hanging.done()
            released.set()
            await hanging

    asyncio.run(run())
    assert school.key_requests == 1


def test_one_that_gives_up_leaves_the_fetch_to_the_others(school: LearningPlatform) -> None:
    """A person who closes the page does not end the fetch that others wait for."""
    released = threading.Event()
    school.delay = released.wait

    async def run() -> None:
        keys = KeySets(fetch_seconds=60)
        waiting = [asyncio.create_task(keys.key(f"{school.url}/jwks", "first", "RS256")) for _ in range(2)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        released.set()
        assert await waiting[1] is not None

    asyncio.run(run())


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"keys": []}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "first"}]}',
        b'{"keys": [{"kty": "RSA", "kid": "first"}]}',
        b"<html>sign in first</html>",
    ],
)
def test_what_holds_no_public_key_is_no_set(body: bytes) -> None:
    """A shared secret is no key to check a launch by, and a page that asks to sign in is no key set."""
    with pytest.raises(ValueError, match=r"key|JSON|Expecting"):
        read_set(body)


def test_a_key_serves_its_own_algorithm(school: LearningPlatform) -> None:
    """A key that says what it is for is used for nothing else."""

    async def run() -> None:
        keys = KeySets(Clock(), fetch_seconds=60)
        with pytest.raises(Refused):
            await keys.key(f"{school.url}/jwks", "first", "RS512")
        with pytest.raises(Refused):
            await keys.key(f"{school.url}/jwks", "first", "ES256")

    asyncio.run(run())
