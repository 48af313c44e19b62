"""`make expire-logs`: logs go with the containers that are too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from generator.engine import services
from generator.lifecycle import expire_logs

NOW = datetime(2026, 11, 28, 4, 50, tzinfo=UTC)


class Here:
    """A deployment whose services were made so many days ago."""

    def __init__(self, days: dict[str, float], limit: int = 90) -> None:
        self.settings = SimpleNamespace(LOG_DAYS=limit)
        self.made = {name: (NOW - timedelta(days=each)).isoformat() for name, each in days.items()}
        self.stopped: set[str] = set()
        self.composed: list[tuple[str, ...]] = []

    def service(self, name: str) -> Any:
        """Its container, if there is one."""
        status = "exited" if name in self.stopped else "running"
        return SimpleNamespace(status=status, attrs={"Created": self.made[name]}) if name in self.made else None

    def compose(self, *words: str) -> None:
        """What is asked of Compose."""
        self.composed.append(words)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other directory has the deployment; all its services are known, and well at once."""
    monkeypatch.setattr(expire_logs, "require_own", lambda *_: None)
    monkeypatch.setattr(expire_logs, "wait_until_healthy", lambda *_: None)
    monkeypatch.setattr(services, "names", lambda _: ("guard", "hub", "proxy", "desk"))


def expired(here: Any) -> list[str]:
    """The services that were made anew."""
    expire_logs.expire(here, NOW)
    return [word for words in here.composed for word in words[1:] if not word.startswith("--")]


def test_only_what_is_too_old_is_made_anew() -> None:
    """By the container's age; what is stopped is left alone, and so is all with 0 days."""
    here = Here({"guard": 91, "hub": 90.1, "proxy": 89.9})
    assert expired(here) == ["guard", "hub"]
    assert "--force-recreate" in here.composed[0]
    here = Here({"guard": 91, "hub": 91})
    here.stopped.add("guard")
    assert expired(here) == ["hub"]
    assert expired(Here({"hub": 4000}, limit=0)) == []


def test_nothing_is_asked_where_nothing_is_old(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, and Compose is not called: a day like others."""
    here = Here({"hub": 1})
    assert expired(here) == []
    assert here.composed == []
    assert "No service's log is older than 90 days." in "".join(capsys.readouterr())
