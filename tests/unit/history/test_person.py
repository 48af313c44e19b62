"""What the history keeps of somebody is given to them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from homeroom.history import person
from homeroom.history.store import HistoryStore

from tests.unit.history.samples import DISK, sample, use


def test_what_somebody_used_is_theirs_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By days, and nothing of anybody else; a history that is not there, or is damaged, keeps nobody's other data."""
    path = tmp_path / "history.sqlite"
    monkeypatch.setattr(person, "FILE", path)
    hub = sqlite3.connect(":memory:")
    assert person.of_person(hub, "ada") == {"used": []}
    store = HistoryStore(path, 90)
    store.add(sample(use("ada", groups=("biology",), lab_seconds=3600.0), use("bela", groups=("secret",))), DISK)
    (row,) = person.of_person(hub, "ada")["used"]
    assert (row["groups"], row["lab_seconds"], row["image"]) == (["biology"], 3600.0, "lab")
    assert row["day"].startswith("20")
    assert person.of_person(hub, "nobody") == {"used": []}
    store.close()
    path.write_bytes(b"no database" * 100)
    assert "cannot be read" in person.of_person(hub, "ada")["fault"]
    hub.close()
