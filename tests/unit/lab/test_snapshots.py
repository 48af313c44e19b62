"""Snapshots of a room's files."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from homeroom_lab.snapshots import snapshot

NOON = datetime(2026, 10, 12, 12, 0).timestamp()


def test_a_snapshot_has_what_people_see_and_lasts(tmp_path: Path) -> None:
    """Files in folders, read-only; hidden ones, links and earlier snapshots are not in it; deleting all of the home's
    own files leaves it."""
    (tmp_path / "week 1").mkdir()
    (tmp_path / "week 1/a.ipynb").write_text("one")
    (tmp_path / ".secret").write_text("x")
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")
    taken = snapshot.take(tmp_path, NOON)
    assert taken == tmp_path / "snapshots/2026-10-12 12.00"
    assert [path.name for path in sorted(taken.rglob("*"))] == ["week 1", "a.ipynb"]
    shutil.rmtree(tmp_path / "week 1")
    assert (taken / "week 1/a.ipynb").read_text() == "one"
    assert (taken / "week 1/a.ipynb").stat().st_mode & 0o777 == 0o440


def test_what_did_not_change_takes_no_room_again(tmp_path: Path) -> None:
    """No snapshot without a change, and the same file in the next one is the same on the disk."""
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    first = snapshot.take(tmp_path, NOON)
    assert first is not None
    assert snapshot.take(tmp_path, NOON + 300) is None
    (tmp_path / "b").write_text("three")
    second = snapshot.take(tmp_path, NOON + 600)
    assert second is not None
    assert (second / "a").stat().st_ino == (first / "a").stat().st_ino
    assert ((first / "b").read_text(), (second / "b").read_text()) == ("two", "three")


def test_a_full_home_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot is there whole or not at all; what an earlier one left is removed by the next."""
    (tmp_path / "a").write_text("one")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(OSError, match="No space"):
            snapshot.take(tmp_path, NOON)
    assert list((tmp_path / "snapshots").iterdir()) == []
    (tmp_path / "snapshots/.growing/x").mkdir(parents=True)
    assert snapshot.take(tmp_path, NOON) is not None
    assert not (tmp_path / "snapshots/.growing").exists()


def test_a_large_file_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no more files than a fixed number are taken."""
    monkeypatch.setattr(snapshot, "LARGEST_FILE_BYTES", 3)
    monkeypatch.setattr(snapshot, "MOST_FILES", 2)
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("x")
    (tmp_path / "aa").write_text("four")
    taken = snapshot.take(tmp_path, NOON)
    assert taken is not None
    assert sorted(path.name for path in taken.iterdir()) == ["a", "b"]


def test_old_snapshots_go(tmp_path: Path) -> None:
    """All of an hour stay, then one an hour of a day, then one a day of two weeks; what people laid there stays."""
    (tmp_path / "snapshots/notes").mkdir(parents=True)
    at = NOON - 20 * 86400
    while at < NOON:
        (tmp_path / "a").write_text(str(at))
        snapshot.take(tmp_path, at)
        at += 1800 if at > NOON - 2 * 86400 else 6 * 3600
    (tmp_path / "a").write_text("last")
    snapshot.take(tmp_path, NOON)
    names = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
    days = {name[:10] for name in names if name != "notes"}
    assert "notes" in names
    assert "2026-10-12 11.30" in names
    assert len([name for name in names if name.startswith("2026-10-12")]) == 14  # each hour of the day, and the last
    assert len([name for name in names if name.startswith("2026-10-05")]) == 1
    assert min(days) >= "2026-09-28"
