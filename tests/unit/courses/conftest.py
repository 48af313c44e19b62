"""A hand-in desk for the tests of courses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom.courses import desk_client
from homeroom.courses.desk import service
from homeroom_lab import desk as lab_desk
from homeroom_lab import waits

from tests.unit.courses.desk import GRADERS, PEOPLE, Desk, begun, told


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk that knows a course of b+ob and a.b@x.org, which ada teaches; olga has a lab, too."""
    monkeypatch.setattr(service, "KEEP_SECONDS", 0.02)
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    monkeypatch.setattr(lab_desk, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(waits, "PLACE", tmp_path / "waits")
    for name in {**PEOPLE, **GRADERS}:
        (tmp_path / "labs" / name).mkdir(parents=True)
    made = begun(tmp_path)
    try:
        made.tell(told())
        yield made
    finally:
        made.end()
