"""What `make check` says of the people whom the running hub knows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.topics.sign_in import checks

DEPLOYMENT = cast(Deployment, SimpleNamespace())


def test_who_has_a_name_that_is_kept_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who had a name from before that is now kept for shared labs is named, once, with what to do."""
    people = [{"name": name} for name in ("ada", "grader-bela", "grader-bela", "room", "room-7", "my-room-7")]
    monkeypatch.setattr(checks, "ask_hub", lambda *_, **__: {"people": people})
    found = list(checks.of_counterpart(DEPLOYMENT))
    assert [each.name for each in found] == ["user grader-bela", "user room-7"]
    assert all("cannot sign in" in each.cause and each.remedy for each in found)


def test_a_hub_that_does_not_run_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a hub nobody can be asked, and nothing is said."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise HomeroomError("the hub does not run", remedy="make up")

    monkeypatch.setattr(checks, "ask_hub", refuse)
    assert list(checks.of_counterpart(DEPLOYMENT)) == []
