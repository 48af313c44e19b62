"""Forecasts of a disk: from enough of the last days, and by a pace that one odd day does not turn."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.paths import ROOT
from generator.engine.watched import Watched
from generator.preflight.disk import Filesystem
from generator.topics.watching import disks, forecast
from tests.sample_settings import settings

GIB, HOUR, DAY = 2.0**30, 3600.0, 86400.0
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def shrinking(days: float, free: float, a_day: float, each_hours: float = 2) -> list[forecast.Sample]:
    """Looks each two hours at a disk that loses this much a day and has `free` left at the end."""
    count = int(days * 24 / each_hours)
    return [(-number * each_hours * HOUR, free + a_day * number * each_hours / 24) for number in range(count, -1, -1)]


def test_a_disk_that_fills_is_full_by_its_pace() -> None:
    """It loses 2 GiB a day and has 20: ten days from now."""
    found = forecast.full_at(shrinking(7, 20 * GIB, 2 * GIB))
    assert found == pytest.approx(10 * DAY)


def test_one_odd_day_turns_nothing() -> None:
    """A day on which somebody stored 100 GiB and removed them again, and looks that are off by much."""
    samples = shrinking(7, 20 * GIB, 2 * GIB)
    chance = random.Random(7)
    odd = [
        (at, free - (100 * GIB if -3 * DAY < at < -2 * DAY else 0) + chance.uniform(-1, 1) * GIB)
        for at, free in samples[:-1]
    ]
    found = forecast.full_at([*odd, samples[-1]])
    assert found is not None
    assert 7 * DAY < found < 13 * DAY


@pytest.mark.parametrize(
    "samples",
    [
        [],
        shrinking(1, 20 * GIB, 2 * GIB),
        shrinking(7, 20 * GIB, 2 * GIB, each_hours=24),
        shrinking(7, 20 * GIB, -2 * GIB),
        shrinking(7, 20 * GIB, 0),
        shrinking(7, 2000 * GIB, 2 * GIB),
        [(-number * 2 * HOUR, (20 + number % 2) * GIB) for number in range(80, -1, -1)],
    ],
    ids=["nothing", "a day", "few looks", "it grows", "it stays", "beyond a year", "up and down"],
)
def test_there_is_no_forecast_from_too_little(samples: list[forecast.Sample]) -> None:
    """Nor where nothing is foreseeable."""
    assert forecast.full_at(samples) is None


def going(free: Callable[[float], float], days: float = 10) -> list[forecast.Sample]:
    """Looks each two hours at a disk that has so much free on each of these days, the last of which is now."""
    return [(number / 12 * DAY, free(number / 12)) for number in range(int(days * 12) + 1)]


@pytest.mark.parametrize("weekday", range(7))
def test_a_disk_that_is_emptied_each_week_is_full_on_no_day(weekday: int) -> None:
    """As one with copies of which the old ones go once a week: whatever its pace between, it never fills."""
    assert forecast.full_at(going(lambda day: (80 - 10 * ((day + weekday) % 7)) * GIB)) is None


@pytest.mark.parametrize("weekday", range(7))
def test_a_weekend_takes_no_forecast_away(weekday: int) -> None:
    """A disk that fills on five days of seven has one on each of them."""

    def free(day: float) -> float:
        weeks, rest = divmod(day + weekday, 7)
        return (200 - 10 * (5 * weeks + min(rest, 5))) * GIB

    found = forecast.full_at(going(free))
    assert found is not None
    assert 8 * DAY < found - 10 * DAY < 20 * DAY


@pytest.mark.parametrize(
    ("free", "hours"),
    [
        (lambda day: 200 - max(0, day - 9.4) * 240, 5.6),
        (lambda day: 300 - max(0, day - 7) * 60, 48),
        (lambda day: 40 - max(0, day - 9.75) * 100, None),
        (lambda day: 200 - (100 if day > 9.9 else 0), None),
        (lambda day: 60 - 30 * (day % 1), None),
    ],
    ids=["since half a day", "since three days", "since six hours", "one large file", "emptied each night"],
)
def test_a_disk_that_fills_all_at_once_is_seen(free: Callable[[float], float], hours: float | None) -> None:
    """One program that writes without end, on a disk that was quiet for days: before it is full."""
    found = forecast.full_at(going(lambda day: free(day) * GIB))
    assert (found is None) == (hours is None)
    assert hours is None or found == pytest.approx(10 * DAY + hours * HOUR, abs=HOUR)


@given(st.lists(st.tuples(st.floats(0, 1e9), st.floats(0, 1e15)), max_size=30))
def test_whatever_was_seen_a_forecast_is_of_the_next_year(samples: list[forecast.Sample]) -> None:
    """Or there is none."""
    ordered = sorted(samples)
    found = forecast.full_at(ordered)
    assert found is None or ordered[-1][0] <= found <= ordered[-1][0] + forecast.LONGEST_SECONDS


# --- Disks ---


def filesystem(path: str, free: float, *, device: int = 1, total: float = 100 * GIB, inodes: int = 900) -> Filesystem:
    """A file system with this much room."""
    return Filesystem(
        path=Path(path),
        kind="ext4",
        device=device,
        free_bytes=int(free),
        total_bytes=int(total),
        free_inodes=inodes,
        total_inodes=1000,
    )


def watched(memory: dict[str, Any], now: datetime = NOW, **values: str) -> Watched:
    """A deployment whose engine does not answer, as it was seen before."""
    return Watched(settings=settings(**values), now=now, memory={"engine_root": "/engine", **memory})


def kept(days: float, free: float, a_day: float, now: datetime = NOW) -> list[list[float]]:
    """What is kept of a disk's last days."""
    return [[now.timestamp() + at, left, 100 * GIB, 900] for at, left in shrinking(days, free, a_day)]


def test_a_disk_that_is_full_soon_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the day; one that has a week left is only shown."""
    monkeypatch.setattr(disks, "read_filesystem", lambda path: filesystem(str(path), 10 * GIB))
    (disk,) = disks.look(watched({"disks": {"/engine": kept(6, 10 * GIB, 2 * GIB)}}))
    assert disk.in_words(NOW) == "10.0 GiB of 100.0 GiB free; full on 7 March at this pace"
    (found,) = disks.faults([disk], NOW)
    assert (found.location, found.cause) == ("disk of homes and images", "full on 7 March at this pace")
    (disk,) = disks.look(watched({"disks": {"/engine": kept(6, 10 * GIB, 1 * GIB)}}))
    assert "full on 12 March at this pace" in disk.in_words(NOW)
    assert list(disks.faults([disk], NOW)) == []
    (disk,) = disks.look(watched({"disks": {"/engine": kept(6, 10 * GIB, 12 * GIB)}}))
    assert disk.in_words(NOW) == "10.0 GiB of 100.0 GiB free; full within 20 hours at this pace"


def test_each_disk_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what is on it: homes, images, copies; a place that cannot be seen is left out."""
    devices = {"/homes": 1, "/engine": 2, "/copies": 2, str(ROOT): 3}
    monkeypatch.setattr(
        disks, "read_filesystem", lambda path: filesystem(str(path), 50 * GIB, device=devices[str(path)])
    )
    found = disks.look(watched({}, HOMES="/homes", BACKUP_TO="/copies"))
    assert [each.name for each in found] == [
        "disk of homes",
        "disk of images, services and copies",
        "disk of this deployment",
    ]
    monkeypatch.setattr(disks, "read_filesystem", lambda path: None)
    assert disks.look(watched({})) == []


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        (filesystem("/x", 4 * GIB), "only 4.0 GiB of 100.0 GiB are free"),
        (filesystem("/x", 50 * GIB, inodes=40), "only 40 of 1000 inodes"),
        (filesystem("/x", 6 * GIB, total=1000 * GIB), ""),
    ],
)
def test_a_disk_that_is_nearly_full_is_a_fault(disk: Filesystem, words: str) -> None:
    """Of its bytes or its inodes; of a large disk a few GiB are enough."""
    found = disks.Disk(name="disk of homes", filesystem=disk).fault(NOW)
    assert bool(found) == bool(words)
    assert found is None or found.cause.startswith(words)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look each two hours for ten days; what is older, of another size or not ours is dropped."""
    monkeypatch.setattr(disks, "read_filesystem", lambda path: filesystem(str(path), 50 * GIB))
    memory: dict[str, Any] = {"engine_root": "/engine", "disks": {"/engine": [["x"], *kept(30, 50 * GIB, GIB)]}}
    disks.look(Watched(settings=settings(), now=NOW, memory=memory))
    rows = memory["disks"]["/engine"]
    assert len(rows) == 121
    disks.look(Watched(settings=settings(), now=NOW, memory=memory))
    assert memory["disks"]["/engine"] == rows
    monkeypatch.setattr(disks, "read_filesystem", lambda path: filesystem(str(path), 50 * GIB, total=200 * GIB))
    disks.look(Watched(settings=settings(), now=NOW, memory=memory))
    assert len(memory["disks"]["/engine"]) == 1
