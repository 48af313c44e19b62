"""What the history keeps of somebody is given to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from homeroom.history import person
from homeroom.history.report import asked
from homeroom.history.store import HistoryStore

from tests.unit.history.samples import DISK, NOW, sample, use


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


def test_who_was_removed_for_good_has_no_name_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums stay, in the file is no name, and whoever is given the name later has nothing of it."""
    path = tmp_path / "history.sqlite"
    monkeypatch.setattr(person, "FILE", path)
    hub = sqlite3.connect(":memory:")
    person.forget(hub, "b+ob")
    assert not path.exists()
    store = HistoryStore(path, 90)
    for _ in range(2):
        both = (use("b+ob", groups=("x",), lab_seconds=3600.0), use("bela", groups=("x",), lab_seconds=60.0))
        store.add(sample(*both, homes={"b+ob": 5, "bela": 7}), DISK)
    person.forget(hub, "b+ob")
    person.forget(hub, "b+ob")
    assert person.of_person(hub, "b+ob") == {"used": []}
    assert person.of_person(hub, "bela")["used"][0]["lab_seconds"] == 120.0
    (row,) = asked(path, days=30, by="group", named=False, now=NOW)["rows"]
    assert row[:3] == ["x", 1, 2.03]
    assert all(b"b+ob" not in file.read_bytes() for file in tmp_path.iterdir())
    store.add(sample(use("b+ob", lab_seconds=1.0)), DISK)
    (fresh,) = person.of_person(hub, "b+ob")["used"]
    assert fresh["lab_seconds"] == 1.0
    store.close()
    hub.close()


def test_a_history_that_cannot_be_written_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a person is forgotten then; one that is damaged, or of another version, keeps nobody's removal."""
    path = tmp_path / "history.sqlite"
    monkeypatch.setattr(person, "FILE", path)
    monkeypatch.setattr(person, "WAIT_SECONDS", 0.05)
    hub = sqlite3.connect(":memory:")
    store = HistoryStore(path, 90)
    store.add(sample(use("ada")), DISK)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            person.forget(hub, "ada")
        other.execute("ROLLBACK")
        other.execute("PRAGMA user_version = 99")
    person.forget(hub, "ada")
    assert person.of_person(hub, "ada")["used"]
    store.close()
    path.write_bytes(b"no database" * 100)
    person.forget(hub, "ada")
    hub.close()
