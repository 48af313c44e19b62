"""Room of its own for the hub's database, held where nobody else can take it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest
from homeroom.hub import database, reserve


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database."""
    made = tmp_path / "jupyterhub.sqlite"
    with contextlib.closing(sqlite3.connect(made)) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    return made


def free_pages_bytes(path: Path) -> int:
    """How much is free within the file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0]) * 4096


def test_it_is_taken_once_and_the_rows_stay(path: Path) -> None:
    """Empty pages in the database, a log beside it of full length while it is open, and a file for the next start; the
    second time nothing is written, and what used most of it up has it taken again."""
    with contextlib.closing(sqlite3.connect(path)) as hub:
        database.set_write_ahead(hub)
        hub.execute("INSERT INTO users VALUES ('ada')")
        hub.commit()
        assert reserve.keep(path)
        assert free_pages_bytes(path) >= reserve.RESERVED_BYTES
        assert path.stat().st_size >= reserve.RESERVED_BYTES
        assert path.with_name("jupyterhub.sqlite-wal").stat().st_size >= reserve.RESERVED_BYTES
        assert path.with_name(reserve.AT_START).stat().st_size == reserve.AT_START_BYTES
        before = path.stat()
        assert not reserve.keep(path)
        assert path.stat() == before
        assert hub.execute("SELECT name FROM users").fetchall() == [("ada",)]
        assert hub.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]
        hub.execute("INSERT INTO users VALUES (zeroblob(3500000))")
        hub.commit()
        assert free_pages_bytes(path) < reserve.FEW_BYTES
        assert reserve.keep(path)
        assert free_pages_bytes(path) >= reserve.RESERVED_BYTES
    assert database.fault(path) == ""


def test_what_was_cut_off_is_taken_up(path: Path) -> None:
    """Killed in the middle it leaves a table, which the next time removes."""
    with contextlib.closing(sqlite3.connect(path)) as hub:
        hub.execute(f"CREATE TABLE {reserve.TABLE} (content BLOB)")
        assert reserve.keep(path)
        assert hub.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]


def test_it_takes_nobody_elses_room(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that is nearly full, and where there is no database yet, nothing is taken."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 100, 15_000_000))
    size = path.stat().st_size
    assert not reserve.keep(path)
    assert (path.stat().st_size, path.with_name(reserve.AT_START).exists()) == (size, False)
    path.unlink()
    assert not reserve.keep(path)
    assert not path.exists()


def test_a_start_on_a_full_disk_uses_what_was_held(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once: a start after that says that the disk is full, unless there is room again."""
    reserve.keep(path)
    held = path.with_name(reserve.AT_START)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 100, 0 if held.exists() else 2 << 20))
    monkeypatch.setattr("sys.argv", ["homeroom.hub.database", str(path)])
    assert database.main() == 0
    assert not held.exists()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(database, "PASSING_SECONDS", 0.0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 100, 0))
    assert database.main() == 1
    assert "is full" in capsys.readouterr().err
