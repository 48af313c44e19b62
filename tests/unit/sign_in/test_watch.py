"""What the watchdog says of approvals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from generator.engine.watched import Watched
from generator.topics.sign_in import accounts, watch
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def memory() -> dict[str, Any]:
    """What is kept from look to look."""
    return {}


def look(monkeypatch: pytest.MonkeyPatch, memory: dict[str, Any], hours: float, *waiting: str) -> list[str]:
    """What is told when these wait."""
    monkeypatch.setattr(accounts, "ask_hub", lambda *_: {"accounts": 7, "waiting": list(waiting)})
    here: Any = SimpleNamespace(service=lambda _: SimpleNamespace(status="running"))
    now = NOW + timedelta(hours=hours)
    return [each.cause for each in watch.faults(Watched(settings=settings(), now=now, deployment=here, memory=memory))]


def test_approvals_that_wait_for_days_are_told(monkeypatch: pytest.MonkeyPatch, memory: dict[str, Any]) -> None:
    """Since somebody was first seen to wait; that others came and went meanwhile counts for nothing."""
    assert look(monkeypatch, memory, 0, "ada", "bela") == []
    assert look(monkeypatch, memory, 47, "ada") == []
    assert look(monkeypatch, memory, 49, "ada", "chen") == ["2 sign-ups wait for approval, the first for 2 days"]
    assert look(monkeypatch, memory, 50, "chen") == []
    assert look(monkeypatch, memory, 51) == []
    assert memory == {"waiting": {}}


def test_a_hub_that_cannot_be_asked_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that does not run, or keeps no accounts: its own fault is told elsewhere."""
    monkeypatch.setattr(accounts, "ask_hub", lambda *_: pytest.fail("asked"))
    stopped: Any = SimpleNamespace(service=lambda _: SimpleNamespace(status="exited"))
    for wanted, here in ((settings(), None), (settings(), stopped), (settings(AUTH="dummy", HUB_IP="127.0.0.1"), None)):
        watched = Watched(settings=wanted, now=NOW, deployment=here)
        assert [*watch.faults(watched), *watch.letter(watched)] == []


def test_the_letter_tells_of_people(monkeypatch: pytest.MonkeyPatch, memory: dict[str, Any]) -> None:
    """How many there are, and who waits: as a number, for names are nobody's affair elsewhere."""
    look(monkeypatch, memory, -30, "ada")
    monkeypatch.setattr(accounts, "ask_hub", lambda *_: {"accounts": 7, "waiting": ["ada"]})
    here: Any = SimpleNamespace(service=lambda _: SimpleNamespace(status="running"))
    lines = list(watch.letter(Watched(settings=settings(), now=NOW, deployment=here, memory=memory)))
    assert lines == [
        "People: 7 accounts.",
        "Approvals: 1 waiting, the first for 1 day: see the page Accounts of the hub.",
    ]
