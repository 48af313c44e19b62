"""Calls to the engine while it, or the guard before it, is away for a moment or for long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import requests
from homeroom.spawner import retrying
from homeroom.spawner.retrying import EngineAway, RetryingSpawner


def said(status: int) -> docker.errors.APIError:
    """What docker-py raises when the engine answers with a status."""
    response = requests.Response()
    response.status_code = status
    return docker.errors.APIError("said", response=response)


REFUSED = requests.ConnectionError("no guard")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience that a test can wait for."""
    monkeypatch.setattr(retrying, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(retrying, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(RetryingSpawner, "_silent_since", None)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[..., RetryingSpawner]:
    """A spawner whose engine gives these answers, one after the other, and then the last for ever."""

    def make(*given: Any) -> RetryingSpawner:
        left: Iterator[Any] = iter(given)

        def answer(**_: Any) -> Any:
            now = next(left, given[-1])
            if isinstance(now, Exception):
                raise now
            return now

        client = SimpleNamespace(ask=answer, create_container=answer, inspect_container=lambda name: {"Id": name})
        monkeypatch.setattr(RetryingSpawner, "client", client)
        return RetryingSpawner(_deprecated_db_session=None)

    return make


def call(spawner: RetryingSpawner, method: str = "ask", **options: Any) -> Any:
    """What a call gives."""

    async def asked() -> Any:
        return await spawner.docker(method, **options)

    return asyncio.run(asked())


@pytest.mark.parametrize("away", [REFUSED, requests.ReadTimeout(), said(503), docker.errors.DockerException("version")])
def test_a_moments_absence_is_not_noticed(answers: Callable[..., RetryingSpawner], away: Exception) -> None:
    """Nobody listens, hangs up, or the guard says that the engine is away: it is asked again."""
    assert call(answers(away, away, "yes")) == "yes"


def test_a_refusal_is_an_answer(answers: Callable[..., RetryingSpawner]) -> None:
    """What the engine says no to is not asked again."""
    with pytest.raises(docker.errors.APIError):
        call(answers(said(404), "yes"))


def test_a_long_absence_is_told_at_once(answers: Callable[..., RetryingSpawner]) -> None:
    """Patience ends, with words for the person; it is one patience for all calls, until the engine answers again."""
    spawner = answers(REFUSED)
    with pytest.raises(EngineAway, match=r"Running labs go on\. Please try again"):
        call(spawner)
    spawner = answers(REFUSED, "yes")
    RetryingSpawner._silent_since = float("-inf")
    with pytest.raises(EngineAway):
        call(spawner)
    assert call(spawner) == "yes"
    assert RetryingSpawner._silent_since is None


def test_a_container_whose_answer_was_lost_is_not_made_twice(answers: Callable[..., RetryingSpawner]) -> None:
    """The guard died after the engine had made the container: it is that one; a name that is taken from the first on
    is refused."""
    assert call(answers(REFUSED, said(409)), "create_container", name="lab") == {"Id": "lab"}
    with pytest.raises(docker.errors.APIError):
        call(answers(said(409)), "create_container", name="lab")
