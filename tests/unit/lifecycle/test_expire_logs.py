"""`make expire-logs`: logs go with the containers that are too old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.contract import exam_labs

from generator.core.errors import HomeroomError
from generator.core.labels import SERVER_LABEL
from generator.engine import services
from generator.lifecycle import expire_logs
from generator.topics.updates import record

NOW = datetime(2026, 11, 28, 4, 50, tzinfo=UTC)


class Here:
    """A deployment whose services were made so many days ago."""

    def __init__(self, days: dict[str, float], limit: int = 90) -> None:
        self.settings = SimpleNamespace(LOG_DAYS=limit)
        self.made = {name: (NOW - timedelta(days=each)).isoformat() for name, each in days.items()}
        self.state: dict[str, str] = {}
        self.half: set[str] = set()
        self.changed: list[str] = []
        self.labs_there: list[str] = []
        self.anew: list[str] = []

    def service(self, name: str) -> Any:
        """Its container, if there is one."""
        made = {"Created": self.made.get(name)}
        return SimpleNamespace(status=self.state.get(name, "running"), attrs=made) if name in self.made else None

    def labs(self, *, running_only: bool) -> list[Any]:
        """The labs that run."""
        assert running_only
        return [SimpleNamespace(labels={SERVER_LABEL: name}) for name in self.labs_there]

    def outdated(self, names: list[str]) -> list[str]:
        """What Compose would make another one."""
        return [name for name in names if name in self.changed]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No other directory has the deployment, and no update was cut off; all its services are known."""
    monkeypatch.setattr(expire_logs, "require_own", lambda *_: None)
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr(services, "names", lambda _: ("guard", "hub", "proxy", "desk"))
    monkeypatch.setattr(expire_logs, "is_half_made", lambda here, name: name in here.half)
    monkeypatch.setattr(expire_logs, "make_anew", lambda here, name: here.anew.append(name))


def expired(here: Any) -> list[str]:
    """The services that were made anew, in their order."""
    expire_logs.expire(here, NOW)
    made: list[str] = here.anew
    return made


def test_only_what_is_too_old_is_made_anew(capsys: pytest.CaptureFixture[str]) -> None:
    """By the container's age, one after the other; what is stopped is left alone, which is told, and so is all with 0
    days."""
    assert expired(Here({"guard": 91, "hub": 90.1, "proxy": 89.9})) == ["guard", "hub"]
    here = Here({"guard": 91, "hub": 91})
    here.state["guard"] = "exited"
    assert expired(here) == ["hub"]
    assert "Stopped, so that its log stays until it is started and this is run again: guard." in said(capsys)
    assert expired(Here({"hub": 4000}, limit=0)) == []


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was told, on one line."""
    return " ".join("".join(capsys.readouterr()).split())


def test_nothing_is_asked_where_nothing_is_old(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said, and nothing is made anew: a day like others."""
    here = Here({"hub": 1})
    here.changed = ["hub"]
    assert expired(here) == []
    assert "No service's log is older than 90 days." in said(capsys)


def test_what_was_cut_off_is_ended(capsys: pytest.CaptureFixture[str]) -> None:
    """A run that was killed leaves a service half made: the next one makes it, though its log is not old, and whatever
    LOG_DAYS says meanwhile."""
    here = Here({"guard": 1, "hub": 0}, limit=0)
    here.half = {"hub"}
    assert expired(here) == ["hub"]
    assert "what was cut off: making hub" in said(capsys)


def test_nobody_is_disturbed_in_an_exam(capsys: pytest.CaptureFixture[str]) -> None:
    """As long as a lab of an exam runs, the services stay; it is told, and is no fault. Other labs count for nothing,
    whatever people called them."""
    here = Here({"hub": 91})
    here.labs_there = ["", exam_labs.lab_name("biology", "final")]
    assert expired(here) == []
    assert "1 lab of an exam" in said(capsys)
    here.labs_there = ["", "exam-mine"]
    assert expired(here) == ["hub"]
    assert expire_logs.EXAM.pattern == exam_labs.NAME.pattern


def test_nothing_becomes_another_one(tmp_path: Path) -> None:
    """Where `.env`, the Compose file or an image was changed since the last `make up`, or an update was cut off, half
    of that would be taken up: nothing is done, and it is told what to do."""
    here = Here({"guard": 91, "hub": 91})
    here.changed = ["hub"]
    with pytest.raises(HomeroomError, match="hub would be made anew with what was changed"):
        expired(here)
    here.changed = []
    (tmp_path / record.NOW).touch()
    with pytest.raises(HomeroomError, match="an update was cut off"):
        expired(here)
    assert here.anew == []
