"""`make rollback`: when there is a way back, and what it loses."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.engine.find import Engine
from generator.timers import steady
from generator.topics.updates import database, images, record, status, steps, update
from generator.topics.updates.deployed import Deployed
from generator.topics.updates.record import KEPT, Update
from generator.topics.updates.tree import Tree
from tests.sample_settings import settings

ENGINE = Engine("docker", Path("/nonexistent/engine.sock"), "26.1.5", "1.45", rootless=False)
OLD, NEW = "a" * 40, "b" * 40


def people(path: Path, *names: str, columns: str = "name TEXT, admin BOOLEAN") -> Path:
    """A database with these people."""
    with contextlib.closing(sqlite3.connect(path)) as opened:
        opened.execute(f"CREATE TABLE users ({columns})")
        opened.executemany("INSERT INTO users (name, admin) VALUES (?, 0)", [(name,) for name in names])
        opened.commit()
    return path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Update:
    """An update of yesterday, of which all is kept; `went_back` of the record says how it was taken back."""
    monkeypatch.setattr(record, "FOLDER", tmp_path)
    monkeypatch.setattr(Deployed, "commit", lambda _: NEW)
    monkeypatch.setattr(Tree, "changes", lambda self, commit: iter(()))
    monkeypatch.setattr(images, "missing", lambda *_: [])
    monkeypatch.setattr(Deployment, "client", None)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    made = Update(step="proved", old=OLD, new=NEW, images=("hub",), done_at=yesterday)
    record.write(made, tmp_path, KEPT)
    people(tmp_path / made.copy, "ada", "bela")
    return made


def rollback(monkeypatch: pytest.MonkeyPatch, now: Path, *, anyway: bool = False) -> list[Update]:
    """Run it with a hub whose database is this; returns how it went back, if it did."""
    went: list[Update] = []
    monkeypatch.setattr(database, "copy", lambda deployment, to: shutil.copy(now, to))
    monkeypatch.setattr(steps, "go_back", lambda machine, back, why: went.append(back))
    update.rollback(Deployment(settings(), ENGINE), -1, anyway=anyway)
    return went


def test_the_database_stays_where_its_tables_are_the_same(
    kept: Update, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts that were made since the update stay, and nobody is asked."""
    (back,) = rollback(monkeypatch, people(tmp_path / "now", "ada", "bela", "chen"))
    assert (back.step, back.database, back.old) == ("returning", False, OLD)
    assert not (tmp_path / "current.sqlite").exists()


def test_what_is_lost_is_said_first(
    kept: Update, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the tables are others, the accounts that would be lost are named and nothing is done, until it is said
    anyway; where none would be, nobody is asked."""
    now = people(tmp_path / "now", "ada", "bela", "chen", columns="name TEXT, admin BOOLEAN, display_name TEXT")
    with pytest.raises(HomeroomError, match=r"would lose 1 account made since .*: chen") as raised:
        rollback(monkeypatch, now)
    assert "ANYWAY=1" in raised.value.remedy
    (back,) = rollback(monkeypatch, now, anyway=True)
    assert back.database
    assert "Lost with the database of before: 1 account" in capsys.readouterr().err
    now.unlink()
    (back,) = rollback(monkeypatch, people(now, "ada", columns="name TEXT, admin BOOLEAN, display_name TEXT"))
    assert back.database


def test_there_is_no_way_back(kept: Update, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No update, one of more than 14 days ago, another tree, changed files, images or a copy that are gone: each is
    told, and nothing is done."""
    now = people(tmp_path / "now", "ada")

    def refused(words: str) -> None:
        with pytest.raises(HomeroomError) as raised:
            rollback(monkeypatch, now)
        assert words in str(raised.value)

    monkeypatch.setattr(images, "missing", lambda *_: ["hub"])
    refused("the images of before are gone: hub")
    monkeypatch.setattr(images, "missing", lambda *_: [])
    monkeypatch.setattr(Tree, "changes", lambda self, commit: iter(["generator/cli.py"]))
    refused("changed here: generator/cli.py")
    monkeypatch.setattr(Tree, "changes", lambda self, commit: iter(()))
    monkeypatch.setattr(Deployed, "commit", lambda _: "c" * 40)
    refused("this directory is at cccccccccccc, and not at bbbbbbbbbbbb")
    monkeypatch.setattr(Deployed, "commit", lambda _: NEW)
    (tmp_path / kept.copy).rename(tmp_path / "away")
    refused("is not whole")
    (tmp_path / "away").rename(tmp_path / kept.copy)
    assert rollback(monkeypatch, now)
    longer_ago = (datetime.now(UTC) - timedelta(days=15)).isoformat()
    record.write(replace(kept, done_at=longer_ago), tmp_path, KEPT)
    refused("more than 14 days ago, so there is no way back")
    with monkeypatch.context() as clock:  # set far forward just now: nothing of it is removed yet
        clock.setattr(steady, "FILE", tmp_path / "clock.json")
        assert rollback(monkeypatch, now)
    record.forget(tmp_path, KEPT)
    refused("there is no update to take back")


def test_status_says_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    """`make status` shows the last update and until when it can be taken back, and one that was cut off."""
    made = Update(step="proved", old=OLD, new=NEW, new_version="0.2.0", done_at="2026-10-05T09:00:00+00:00")
    status._show(None, made, datetime(2026, 10, 6, tzinfo=UTC))
    assert capsys.readouterr().out == (
        "Updated to 0.2.0 (bbbbbbbbbbbb) on 2026-10-05; `make rollback` goes back until 2026-10-19.\n"
    )
    status._show(made.at("switching"), made, datetime(2026, 10, 20, tzinfo=UTC))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "was cut off: `make up` ends it" in shown.err
