"""What `make up`, `make down`, `make status` and `make check` do about the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.lifecycle import timers
from generator.timers import job, machine, runs, steady
from generator.timers.cron import Cron
from generator.timers.runs import Run
from generator.topics.updates import record
from generator.topics.updates.record import Update
from tests.fake_runner import always
from tests.sample_settings import settings
from tests.unit.updates.deployment_in_memory import NEW, OLD, InMemory

NIGHTLY = settings(BACKUP_TO="/srv/copies", BACKUP_AT="02:30", COMPOSE_PROJECT_NAME="biology")
NONE = settings(BACKUP_TO="/srv/copies", COMPOSE_PROJECT_NAME="biology")
FILE = "homeroom-biology"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a machine's cron, on which nothing ran yet."""
    cron = Cron(tmp_path)
    cron.folder.mkdir(parents=True)
    monkeypatch.setattr(machine, "scheduler", lambda: cron)
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub/Makefile").touch()
    monkeypatch.setattr(timers, "ROOT", tmp_path / "hub")
    monkeypatch.setattr(job, "owner", lambda _: "grace")
    monkeypatch.setattr(runs, "last", lambda name: Run())
    return cron.folder


def test_it_follows_the_settings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Set, it is installed, told, and in step from then on; emptied, it is removed; taken away, it is back with the
    next `make up`."""
    assert [each.cause for each in timers.findings(NIGHTLY)] == [f"{FILE} is not there"]
    timers.take_up(NIGHTLY)
    assert "30 2 * * * grace " in (folder / FILE).read_text()
    assert "By the clock: backup." in capsys.readouterr().out
    assert list(timers.findings(NIGHTLY)) == []
    timers.take_up(NIGHTLY)
    assert capsys.readouterr().out == ""
    timers.take_away(NIGHTLY)
    assert list(folder.iterdir()) == []
    timers.take_up(NIGHTLY)
    timers.take_up(NONE)
    assert list(folder.iterdir()) == []


def test_another_directorys_timers_are_left_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two directories of one name: neither `make timers` nor `make down` of the second touches what the first has."""
    (tmp_path / "Makefile").touch()
    timers.take_up(NIGHTLY)
    mine = (folder / FILE).read_text()
    monkeypatch.setattr(timers, "ROOT", tmp_path)
    timers.take_up(NONE)
    timers.take_away(NIGHTLY)
    assert (folder / FILE).read_text() == mine
    assert capsys.readouterr().err.count("stays as it is") == 2
    assert [each.location for each in timers.findings(NIGHTLY)] == ["COMPOSE_PROJECT_NAME"]


def test_who_is_not_root_is_told_what_to_type(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is changed, and nothing fails."""
    timers.take_up(NIGHTLY)
    monkeypatch.setattr(machine, "may_change", lambda _: False)
    timers.take_up(NONE)
    timers.take_away(NIGHTLY)
    said = " ".join(capsys.readouterr().err.split())
    assert "sudo make -C" in said
    assert f"sudo rm -f {folder / FILE}" in said
    assert (folder / FILE).exists()


def test_a_machine_without_a_clock_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Only where something is to be run by it."""
    monkeypatch.setattr(machine, "scheduler", lambda: None)
    timers.take_up(NONE)
    timers.take_away(NIGHTLY)
    assert list(timers.findings(NONE)) == []
    assert capsys.readouterr().err == ""
    timers.take_up(NIGHTLY)
    assert "apt-get install cron" in capsys.readouterr().err
    assert [each.cause for each in timers.findings(NIGHTLY)] == [timers.NO_SCHEDULER]


@pytest.mark.parametrize(
    ("last", "words", "is_wrong"),
    [
        (Run(), "not yet", False),
        (Run(began_at="2026-11-26T02:30:00+00:00", ended_at="2026-11-26T02:31:00+00:00"), "well", False),
        (
            Run(began_at="2026-11-26T02:30:00+00:00", ended_at="x", exit_code=2, said="[it] is full"),
            "ended with 2: [it] is full",
            True,
        ),
        (Run(began_at="2026-11-26T02:30:00+00:00"), "was cut off", True),
    ],
)
def test_status_and_doctor_tell_how_it_went(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    last: Run,
    words: str,
    is_wrong: bool,
) -> None:
    """When it runs next, when it ran, and what came of that; the doctor speaks up where it did not end well."""
    found: Callable[[str], Run] = lambda _: last  # noqa: E731
    monkeypatch.setattr(runs, "last", found)
    timers.take_up(NIGHTLY)
    timers.show(NIGHTLY, datetime(2026, 11, 26, 12, tzinfo=UTC))
    shown = " ".join(capsys.readouterr().out.split())
    assert words in shown
    assert "02:30" in shown
    assert bool(list(timers.failures(NIGHTLY))) == is_wrong


def test_what_is_not_installed_is_not_said_to_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As after `make down`, or where there is no clock: no next run is promised."""
    at = datetime(2026, 11, 26, 12, tzinfo=UTC)
    timers.show(NIGHTLY, at)
    shown = capsys.readouterr().out
    assert "never" in shown
    assert "02:30" not in shown
    timers.take_up(NIGHTLY)
    timers.show(NIGHTLY, at)
    shown = capsys.readouterr().out
    assert "never" not in shown
    assert "02:30" in shown


def test_a_run_has_the_name_of_a_timer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another is an error that says which there are; one that was not missed is not run for that."""
    with pytest.raises(HomeroomError, match="Did you mean backup"):
        timers.run(NIGHTLY, "backups")
    runner = always()
    monkeypatch.setattr(runs, "run_now", lambda timer: runner([timer.name]).returncode)
    monkeypatch.setattr(runs, "was_missed", lambda *_: False)
    assert timers.run(NIGHTLY, "backup", missed_only=True) == 0
    assert runner.commands == []
    assert timers.run(NIGHTLY, "backup") == 0
    assert runner.commands == [["backup"]]


def test_a_run_removes_a_version_whose_time_is_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever it is that is run; before its time, while another command changes the deployment, or by a clock that is
    not believed, it stays."""
    machine_of_update = InMemory(tmp_path / "update")
    machine_of_update.kept[("hub", OLD)] = OLD
    monkeypatch.setattr(record, "FOLDER", machine_of_update.folder)
    monkeypatch.setattr(timers, "Deployed", lambda _: machine_of_update)
    monkeypatch.setattr(timers, "find_engine", lambda _: None)
    monkeypatch.setattr(timers, "ROOT", tmp_path)
    monkeypatch.setattr(runs, "run_now", lambda _: 0)

    def made(days_ago: float) -> None:
        at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat(timespec="seconds")
        record.write(Update(step="proved", old=OLD, new=NEW, done_at=at), machine_of_update.folder, record.KEPT)

    made(13.9)
    assert timers.run(NIGHTLY, "backup") == 0
    assert machine_of_update.kept
    made(14.1)
    with exclusive(tmp_path):
        assert timers.run(NIGHTLY, "backup") == 0
    assert machine_of_update.kept
    with monkeypatch.context() as clock:  # set far forward just now
        clock.setattr(steady, "FILE", tmp_path / "clock.json")
        assert timers.run(NIGHTLY, "backup") == 0
    assert machine_of_update.kept
    assert timers.run(NIGHTLY, "backup") == 0
    assert machine_of_update.kept == {}
    assert record.read(machine_of_update.folder, record.KEPT) is None
