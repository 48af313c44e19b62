"""What the watchdog and the letter say of labs that did not start, and of the week."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.history import metrics

from generator.engine import hub_module
from generator.engine.watched import Watched
from generator.topics.history import watch
from tests.hub_deployment import ROOT
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUNS: Any = SimpleNamespace(service=lambda _: SimpleNamespace(status="running"))
STOPPED: Any = SimpleNamespace(service=lambda _: SimpleNamespace(status="exited"))


def watched(monkeypatch: pytest.MonkeyPatch, deployment: Any = RUNS, **answer: Any) -> Watched:
    """A deployment whose hub says this."""
    monkeypatch.setattr(hub_module, "ask", lambda *_, **__: answer)
    return Watched(settings=settings(), now=NOW, deployment=deployment)


def hour(ready: int, failed: int, **reasons: int) -> dict[str, Any]:
    """An hour of starts."""
    return {"ready": ready, "failed": failed, "reasons": {name.replace("_", "-"): n for name, n in reasons.items()}}


def test_labs_that_do_not_start_are_told_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """And with what to do about the most frequent one."""
    (found,) = watch.faults(watched(monkeypatch, hour=hour(5, 3, disk_full=2, timeout=1)))
    assert found.cause == (
        "3 of 8 labs that were asked for within the last hour did not start: the disk is full (2), "
        "no answer in time (1)"
    )
    assert found.remedy.startswith("Make room")
    assert found.level == "warn"


@pytest.mark.parametrize(("ready", "failed"), [(0, 0), (0, 2), (50, 3)])
def test_a_few_are_no_alarm(monkeypatch: pytest.MonkeyPatch, ready: int, failed: int) -> None:
    """Less than three, or less than a tenth of a class."""
    assert list(watch.faults(watched(monkeypatch, hour=hour(ready, failed, timeout=failed)))) == []


def test_a_reason_that_is_not_known_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a word, without what a terminal obeys."""
    (found,) = watch.faults(watched(monkeypatch, hour={"ready": 0, "failed": 3, "reasons": {"x\x1b[2J": 3}}))
    assert "x\\x1b[2J (3)" in found.cause


def test_the_letter_has_the_week(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a line, and one more where labs did not start."""
    week = {**hour(90, 0), "labs_most": 24, "longest_wait_seconds": 190.0, "people": 31, "lab_hours": 412.4}
    (line,) = watch.letter(watched(monkeypatch, week=week))
    assert line == ("Use of the week: 31 people, 412 lab hours, 24 labs at a time at most; the longest wait was 3 min.")
    quiet = {**hour(1, 1, died=1), "labs_most": 1, "longest_wait_seconds": 0.4, "people": 1, "lab_hours": 0.0}
    lines = list(watch.letter(watched(monkeypatch, week=quiet)))
    assert lines == [
        "Use of the week: 1 person, 0 lab hours, 1 lab at a time at most.",
        "Labs that did not start: 1 of 2: the lab ended at once (1).",
    ]


def test_a_hub_that_cannot_be_asked_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor has one without a history anything to say."""
    assert [*watch.faults(watched(monkeypatch)), *watch.letter(watched(monkeypatch))] == []
    for here in (None, STOPPED):
        seen = watched(monkeypatch, here, hour=hour(0, 9, timeout=9))
        assert [*watch.faults(seen), *watch.letter(seen)] == []


def test_every_reason_has_words() -> None:
    """Each word that the hub has for a failed start, but for those that are refused before it begins."""
    source = "".join(path.read_text() for path in (ROOT / "jupyterhub/homeroom/spawner").glob("*.py"))
    words = set(re.findall(r'reason="([a-z-]+)"', source))
    refused = {"too-many-labs", "no-profile", "profile-forbidden", "closed", "exam", "exam-before", "exam-over"}
    gpus = (ROOT / "jupyterhub/homeroom/gpus").glob("*.py")
    of_gpus = {word for path in gpus for word in re.findall(r'reason="([a-z-]+)"', path.read_text())}
    words |= {word if word.startswith("gpus-") else f"gpus-{word}" for word in of_gpus}
    assert len(words) > 15
    assert words - refused <= watch.REASONS.keys() == set(metrics.REASONS)
