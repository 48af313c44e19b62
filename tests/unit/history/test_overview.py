"""The last hour's starts and the last week, from the history's file."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from homeroom.history.overview import overview
from homeroom.history.schema import opened
from homeroom.history.store import HistoryStore
from homeroom.spawner.outcomes import Outcome

from tests.hub_deployment import ROOT
from tests.unit.history.samples import DAY, DISK, FAILED, KILL, NOW, READY, sample, use

DIED = Outcome(took_seconds=1.0, failure="died")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history of an hour with failed starts, after a day with one."""
    store = HistoryStore(tmp_path / "history.sqlite", 90)
    store.add(sample(use("ada"), at=NOW - DAY, outcomes=(READY, DIED, KILL)), DISK)
    store.add(sample(use("ada"), use("bela", lab_seconds=7200.0), at=NOW - 900, outcomes=(READY, FAILED, DIED)), DISK)
    store.add(sample(use("bela"), at=NOW, outcomes=(FAILED, FAILED)), DISK)
    store.close()
    return tmp_path / "history.sqlite"


def test_an_hour_of_failed_starts_with_their_reasons(path: Path) -> None:
    """The most frequent reason first; what was before that hour is not in it."""
    hour = overview(path, NOW)["hour"]
    assert hour == {"ready": 1, "failed": 4, "reasons": {"timeout": 3, "died": 1}}
    assert list(hour["reasons"]) == ["timeout", "died"]
    assert overview(path, NOW + 2 * 3600)["hour"] == {"ready": 0, "failed": 0, "reasons": {}}


def test_a_week(path: Path) -> None:
    """People, lab hours, most labs at a time, the longest wait, and starts with the reasons of those that failed."""
    week = overview(path, NOW)["week"]
    assert week == {
        **{"ready": 2, "failed": 5, "reasons": {"timeout": 3, "died": 2}},
        **{"labs_most": 2, "longest_wait_seconds": 20, "memory_kills": 1, "people": 2},
        "lab_hours": (3 * 60 + 7200) / 3600,
    }
    assert overview(path, NOW + 30 * DAY)["week"]["people"] == 0


def test_it_names_nobody(path: Path) -> None:
    """Run as the watchdog runs it; where there is no history yet it says nothing, and one that cannot be read is
    told."""

    def asked(history: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "homeroom.history.overview", "--", str(history)]
        return subprocess.run(command, cwd=ROOT / "jupyterhub", capture_output=True, text=True, check=False)

    said = asked(path).stdout
    assert json.loads(said).keys() == {"hour", "week"}
    assert "ada" not in said
    assert overview(path.with_name("none.sqlite"), NOW) == {}
    path.write_bytes(b"no database " * 1000)
    torn = asked(path)
    assert torn.returncode == 1
    assert "the history cannot be read" in torn.stderr


def test_a_history_of_before_has_reasons_from_now_on(path: Path) -> None:
    """A file of an earlier version gets the table that it lacks, and reasons go when the rows of ten minutes do."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE failures")
    store = HistoryStore(path, 90)
    store.add(sample(at=NOW, outcomes=(FAILED,)), DISK)
    assert overview(path, NOW)["hour"]["reasons"] == {"timeout": 1}
    store.forget(NOW + 500 * DAY)
    store.close()
    with closing(opened(path)) as database:
        assert database.execute("SELECT * FROM failures").fetchall() == []
