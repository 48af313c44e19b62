"""What `make status`, `make doctor` and the exit code of `make backup` say of the copies that there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generator.core.finding import Finding
from generator.topics.copies import alarms, backup, status
from generator.topics.copies.last import Last
from generator.topics.copies.upkeep_record import Upkeep
from generator.topics.watching.faults import line_of
from tests.sample_settings import settings

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
WELL = Upkeep()
PLACE = "sftp:hub@copies.example.edu:/srv/hub"


def found(
    known: Last,
    kept: Upkeep = WELL,
    *,
    at: str = "02:30",
    place: str = PLACE,
) -> list[Finding]:
    """What is wrong."""
    return alarms.judged(settings(BACKUP_TO=place, BACKUP_AT=at), known, kept, NOW)


def made(hours: float, *, place: str = PLACE) -> Last:
    """A copy of so many hours ago."""
    return Last(address=place, made_at=(NOW - timedelta(hours=hours)).isoformat(), files=7)


@pytest.mark.parametrize(
    ("at", "fine", "late"),
    [("02:30", 47, 49), ("02:30,14:30", 23, 25), ("", 47, 49)],
)
def test_a_copy_is_late_after_twice_its_interval(at: str, fine: float, late: float) -> None:
    """As BACKUP_AT has it; where it says nothing, one a day is expected."""
    assert found(made(fine), at=at) == []
    (alarm,) = found(made(late), at=at)
    assert alarm.level == "error"
    assert f"is {late} h old" in alarm.cause or "is 2 days old" in alarm.cause


def test_a_copy_from_the_future_is_an_alarm() -> None:
    """The clock is wrong, or was."""
    (alarm,) = found(made(-5))
    assert (alarm.level, "5 h in the future" in alarm.cause) == ("error", True)


def test_a_run_that_failed_and_a_place_without_a_copy_are_told() -> None:
    """Each with what to do; copies at another place are none at this one."""
    assert "no copy at" in found(Last())[0].cause
    assert "no copy at" in found(made(1, place="/srv/old"))[0].cause
    failed = Last(**{**made(1).__dict__, "failed_at": "x", "why": "it is full"})
    assert [each.cause for each in found(failed)] == ["the last run made no copy: it is full"]
    assert alarms.judged(settings(), Last(), Upkeep(), NOW) == []


def test_a_disk_that_is_not_mounted_is_an_alarm(tmp_path: Path) -> None:
    """Its folder is there and empty, and copies were made there."""
    place = str(tmp_path)
    assert [each.cause for each in found(made(1, place=place), place=place)] == [
        "the copies that were made there are not there now"
    ]
    (tmp_path / "config").touch()
    assert found(made(1, place=place), place=place) == []


@pytest.mark.parametrize(
    ("kept", "words", "level"),
    [
        (Upkeep(damaged={"3": "1 file of data"}), "damaged: 1 file of data", "error"),
        (Upkeep(held="900 of 1000 files were changed"), "since 900 of 1000", "error"),
        (Upkeep(fault="it cannot be reached"), "it cannot be reached", "warn"),
        (Upkeep(read_at={"1": (NOW - timedelta(days=20)).isoformat()}), "not read for 14 days", "warn"),
    ],
)
def test_what_looking_after_them_found_is_told(kept: Upkeep, words: str, level: str) -> None:
    """Damage, changes that look wrong, and what keeps it from being done."""
    (alarm,) = found(made(1), kept)
    assert words in alarm.cause
    assert alarm.level == level
    assert found(made(1), Upkeep(read_at={"1": NOW.isoformat()})) == []


def test_status_tells_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    """The age, how much was read and compared, and each alarm; also that no place is set."""
    here = settings(BACKUP_TO=PLACE, BACKUP_AT="02:30")
    status._show(settings(), Last(), Upkeep(), NOW)
    status._show(here, made(3), Upkeep(read_at={"1": NOW.isoformat()}, only_adds=True), NOW)
    status._show(here, made(-5), Upkeep(held="it looks odd"), NOW)
    shown = capsys.readouterr()
    text = " ".join((shown.out + shown.err).split())
    for words in ("BACKUP_TO is not set", "is 3 h old", "1 of 7 parts", "lets nothing be removed", "it looks odd"):
        assert words in text
    assert "in the future" in text


def test_each_alarm_is_one_of_its_own() -> None:
    """The watchdog knows them by name and place: a second one is told while the first goes on."""
    kept = Upkeep(damaged={"1": "x"}, held="y", fault="z", read_at={"1": "2026-01-01T00:00:00+00:00"}, address=PLACE)
    failed = Last(**{**made(99).__dict__, "failed_at": "x", "why": "it is full"})
    several = found(failed, kept)
    assert len({(each.name, each.location) for each in several}) == len(several) == 6


def test_homes_that_vanished_are_told_until_somebody_says_that_it_is_right() -> None:
    """Whose home was in a copy before and is in this one no more, unless that person was removed: in this run and in
    those after it, until the home is back."""
    first = replace(made(1), people=["ada", "bela", "carl"])
    gone = backup.gone(first, ["ada"], removed=["carl"])
    assert gone == ["bela"]
    second = replace(made(1), people=["ada"], gone=gone)
    assert backup.gone(second, ["ada"], removed=[]) == ["bela"]
    assert backup.gone(second, ["ada", "bela"], removed=[]) == []
    (alarm,) = found(second)
    assert "1 home that earlier copies have is not there any more" in alarm.cause
    assert alarm.cause.endswith(":\nbela")
    assert "make restore NAME=bela" in alarm.remedy
    assert "bela" not in line_of(alarm)  # which is what messages and the letter say
