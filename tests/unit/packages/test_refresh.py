"""When a refresh is done."""

from __future__ import annotations

from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.packages import look, refresh
from generator.topics.packages.debian import Newer
from generator.topics.packages.look import Look
from generator.topics.updates import update

SECURITY = Newer("libssl3t64", "1", "2", is_security=True)
OTHER = Newer("tzdata", "1", "2")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done, and nothing of it."""
    found: list[str] = []
    monkeypatch.setattr(update, "finish_first", lambda *_: found.append("finish"))
    monkeypatch.setattr(update, "refresh", lambda *_, within_seconds: found.append(f"refresh within {within_seconds}"))
    monkeypatch.setattr(look, "images", lambda _: [])
    return found


def run(monkeypatch: pytest.MonkeyPatch, newer: list[Newer], *, anyway: bool = False) -> None:
    """Run one where this is newer."""
    nothing: Any = None
    monkeypatch.setattr(look, "ask", lambda *_: Look("2026-11-27T12:00:00+00:00", {"hub": newer}))
    refresh.refresh(nothing, -1, anyway=anyway, within_seconds=60)


@pytest.mark.parametrize("newer", [SECURITY, OTHER], ids=["security", "other"])
def test_it_is_done_where_something_is_newer(done: list[str], monkeypatch: pytest.MonkeyPatch, newer: Newer) -> None:
    """Any package of Debian's that is newer has the images built anew, after what was cut off before was ended."""
    run(monkeypatch, [newer])
    assert done == ["finish", "refresh within 60"]


def test_nobody_is_disturbed_where_nothing_is_newer(
    done: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Then nothing is built and nothing restarted, unless it is asked for."""
    run(monkeypatch, [])
    assert done == ["finish"]
    assert "nothing is built, and nothing is restarted" in capsys.readouterr().out
    run(monkeypatch, [], anyway=True)
    assert done == ["finish", "finish", "refresh within 60"]


def test_a_mirror_that_is_silent_is_told(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be asked is not taken for nothing newer, and nothing is changed."""

    def silent(*_: object) -> Look:
        raise HomeroomError("cannot be asked", remedy="See to the network.")

    monkeypatch.setattr(look, "ask", silent)
    nothing: Any = None
    with pytest.raises(HomeroomError, match="cannot be asked"):
        refresh.refresh(nothing, -1, anyway=True, within_seconds=60)
    assert done == ["finish"]


def test_a_lesson_is_not_disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """During a lesson nothing is begun, and it is said why."""
    lesson = HomeroomError("the lesson biology takes place now", remedy="Run it in the evening.")
    here: Any = type("Here", (), {"settings": None})()
    monkeypatch.setattr(update, "require_hub", lambda _: None)
    monkeypatch.setattr(update, "of_lessons", lambda _: [lesson])
    monkeypatch.setattr(update, "of_namesakes", lambda _: [])
    monkeypatch.setattr(update, "steps", None)
    with pytest.raises(HomeroomError, match="the lesson biology takes place now"):
        update.refresh(here, -1, within_seconds=60)
