"""The history's file: what is added up, what is forgotten, and how large it becomes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from homeroom.history.schema import DAY, HOUR, MINUTE, NOBODY, TEN_MINUTES, Newer
from homeroom.history.store import HistoryStore

from tests import generated_history
from tests.unit.history.samples import DISK, FAILED, KILL, NOW, READY, sample, use


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a history that is not there yet."""
    return tmp_path / "history.sqlite"


def rows(path: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute(statement, values).fetchall()


def test_each_minute_is_added_to_ten_an_hour_and_a_day(path: Path) -> None:
    """Gauges by their mean and their most, what happened by its sum, waits by the longest too."""
    store = HistoryStore(path, 90)
    store.add(sample(use("ada"), use("bela"), people=2, outcomes=(READY, KILL)), DISK)
    store.add(sample(use("ada"), people=1, at=NOW + 60, waits_seconds=(90.0,), outcomes=(FAILED,)), DISK)
    store.close()
    columns = (
        "1.0 * labs_sum / samples, labs_most, people_most, cpus_sum / samples, starts, failed_starts, memory_kills"
    )
    columns += ", wait_seconds, ready_seconds, longest_wait_seconds, disk_used_bytes_most, waiting_most"
    for step in (TEN_MINUTES, HOUR, DAY):
        (found,) = rows(path, f"SELECT {columns} FROM moments WHERE step = ?", step)
        assert found == (1.5, 2, 2, 0.75, 1, 1, 1, 20, 22, 90, 600, 1)
    assert len(rows(path, "SELECT * FROM moments WHERE step = ?", MINUTE)) == 2


def test_use_is_added_up_by_day_person_groups_profile_and_image(path: Path) -> None:
    """Two minutes of one lab are one row; another day, or another profile, has its own."""
    store = HistoryStore(path, 90)
    for at in (NOW, NOW + 60, NOW + 2 * DAY):
        store.add(sample(use(gpus=2), at=at), DISK)
    store.add(sample(use(profile="large")), DISK)
    store.close()
    found = rows(path, "SELECT lab_seconds, cpu_seconds, gpu_seconds, memory_mib_seconds FROM use ORDER BY lab_seconds")
    assert found == [(60, 30, 0, 61440), (60, 30, 120, 61440), (120, 60, 240, 122880)]


def test_names_are_forgotten_and_sums_stay(path: Path) -> None:
    """After HISTORY_DAYS no name is in the file, nor in what lies beside it, and the sums by group are as they were."""
    store = HistoryStore(path, 30)
    store.add(sample(use("ada-whom-nobody-knows"), use("bela-of-old"), homes={"ada-whom-nobody-knows": 7}), DISK)
    store.add(sample(use("chen"), at=NOW + 40 * DAY), DISK)
    store.forget(NOW + 40 * DAY)
    assert rows(path, "SELECT name FROM people") == [("chen",)]
    assert rows(path, "SELECT person, sum(lab_seconds) FROM use GROUP BY day")[0] == (NOBODY, 120)
    content = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert b"whom-nobody-knows" not in content
    assert b"of-old" not in content
    assert b"biology" in content
    store.forget(NOW + 40 * DAY)
    assert rows(path, "SELECT sum(lab_seconds) FROM use") == [(180,)]
    store.close()


def test_no_name_is_kept_where_none_may_be(path: Path) -> None:
    """HISTORY_DAYS=0 writes none, and drops those of before."""
    store = HistoryStore(path, 5)
    store.add(sample(use("ada")), DISK)
    store.close()
    store = HistoryStore(path, 0)
    store.add(sample(use("bela"), homes={"bela": 7}), DISK)
    store.forget(NOW)
    store.close()
    assert rows(path, "SELECT name FROM people") == []
    assert rows(path, "SELECT person, lab_seconds FROM use") == [(NOBODY, 120)]


def test_finer_steps_go_and_hours_and_days_stay(path: Path) -> None:
    """Minutes go after two days, ten minutes after thirteen months."""
    store = HistoryStore(path, 90)
    store.add(sample(use()), DISK)
    store.forget(NOW + 3 * DAY)
    assert {step for (step,) in rows(path, "SELECT step FROM moments")} == {TEN_MINUTES, HOUR, DAY}
    store.forget(NOW + 500 * DAY)
    assert {step for (step,) in rows(path, "SELECT step FROM moments")} == {HOUR, DAY}
    store.close()


def test_a_home_is_counted_once(path: Path) -> None:
    """The sum of all homes is of what each lab told last, also of those that do not run now."""
    store = HistoryStore(path, 90)
    store.add(sample(homes={"ada": 10, "bela": 5}), DISK)
    store.add(sample(homes={"ada": 30}, at=NOW + 60), DISK)
    store.close()
    assert rows(path, "SELECT homes_bytes_sum, homes_bytes_most FROM moments WHERE step = ?", HOUR) == [(50, 35)]


def test_a_sample_that_fails_leaves_nothing(path: Path) -> None:
    """Half a sample would count labs twice when it is taken again."""
    store = HistoryStore(path, 90)
    store.add(sample(use()), DISK)
    broken: Any = use(profile=object())
    with pytest.raises(sqlite3.Error):
        store.add(sample(use(), broken), DISK)
    store.add(sample(use()), DISK)
    store.close()
    assert rows(path, "SELECT lab_seconds FROM use") == [(120,)]
    assert rows(path, "SELECT samples FROM moments WHERE step = ?", HOUR) == [(2,)]


def test_a_newer_history_is_left_alone(path: Path) -> None:
    """After a step back to an older version it is neither written nor laid aside."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(Newer):
        HistoryStore(path, 90)
    assert rows(path, "PRAGMA user_version") == [(99,)]


def test_a_year_of_three_hundred_people_is_small(path: Path) -> None:
    """A year is under 50 MB: two weeks, with every step at its full length for them, are under 50 MB / 26."""
    generated_history.generate(path, 14)
    assert path.stat().st_size < 50e6 / 26
