"""A run by the clock is noted, with what it said and what came of it."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.timers import runs
from generator.timers.calendar import daily
from generator.timers.runs import Run
from generator.timers.timer import Timer
from tests.fake_runner import FakeRunner, always

COPY = Timer(name="backup", title="Make a copy", at=daily("02:30"), verb=("backup",))


def test_a_run_is_noted_with_its_result(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code, its last line, and all that it said, for the owner alone; also handed on, to systemd's journal."""
    assert runs.last("backup", tmp_path) == Run()
    assert runs.run_now(COPY, folder=tmp_path, runner=always(2, err="reaching it\nit is full\n\n")) == 2
    noted = runs.last("backup", tmp_path)
    assert (noted.exit_code, noted.said) == (2, "it is full")
    assert noted.began_at <= noted.ended_at
    log = tmp_path / "backup/log"
    assert "reaching it\nit is full\n" in log.read_text()
    assert "exit code 2" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert "it is full" in capsys.readouterr().out
    runner = always()
    assert runs.run_now(COPY, folder=tmp_path, runner=runner) == 0
    assert runner.commands[0][1:] == ["-m", "generator", "backup"]
    assert "it is full" in log.read_text()


def test_a_run_that_is_cut_off_is_noted(tmp_path: Path) -> None:
    """With what it said until then; one whose machine went out has no end."""

    def cut_off(_: str) -> tuple[int, str, str]:
        assert runs.last("backup", tmp_path).ended_at == ""
        assert runs.is_running("backup", tmp_path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run_now(COPY, folder=tmp_path, runner=FakeRunner(cut_off))
    assert runs.last("backup", tmp_path).exit_code == runs.INTERRUPTED
    assert not runs.is_running("backup", tmp_path)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """A second one ends at once and leaves the first one's note alone."""
    runs.run_now(COPY, folder=tmp_path, runner=always())
    before = runs.last("backup", tmp_path)
    with exclusive(tmp_path / "backup"), pytest.raises(HomeroomError, match="runs already"):
        runs.run_now(COPY, folder=tmp_path, runner=always())
    assert runs.last("backup", tmp_path) == before


def test_logs_are_bounded(tmp_path: Path) -> None:
    """The log of a timer that runs for years."""
    for _ in range(4):
        runs.run_now(COPY, folder=tmp_path, runner=always(err="x" * runs.MOST_LOG_BYTES + "\n"))
    kept = list((tmp_path / "backup").glob("log*"))
    assert sum(path.stat().st_size for path in kept) < 3 * runs.MOST_LOG_BYTES


def test_it_is_run_though_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a full disk the watchdog, which tells of it, and what removes files are run all the same."""
    for name in (runs.NOTE, runs.LOG):
        (tmp_path / "backup" / name / "in the way").mkdir(parents=True)
    runner = always(3, err="said\n")
    assert runs.run_now(COPY, folder=tmp_path, runner=runner) == 3
    assert len(runner.commands) == 1
    shown = capsys.readouterr()
    assert "said" in shown.out
    assert "cannot be written" in shown.err


def test_what_was_said_long_ago_goes(tmp_path: Path) -> None:
    """It can name people: after 30 days it is laid aside, after 30 more it is gone, also of a timer that is run no more
    and of a log that is none of ours."""
    runs.run_now(COPY, folder=tmp_path, runner=always(err="removed for good: ada\n"))
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/log").write_bytes(b"\xff torn")
    began, log = time.time(), tmp_path / "backup/log"
    written_last = began + 31 * 86400
    os.utime(log, (written_last, written_last))
    for days, names in ((29, {"log", "last.json"}), (31, {"log.1", "last.json"}), (62, {"last.json"})):
        runs.make_room(tmp_path, began + days * 86400)
        left = {path.name for path in (tmp_path / "backup").iterdir()} & {"log", "log.1", "last.json"}
        assert left == names, days
    assert (tmp_path / "odd/log").exists()


def test_what_was_missed_is_known(tmp_path: Path) -> None:
    """A time that passed since the last run began; what has never run, or ran since, was not missed."""
    now = datetime.now().astimezone()
    assert not runs.was_missed(COPY, now, tmp_path)
    runs.run_now(COPY, folder=tmp_path, runner=always())
    assert not runs.was_missed(COPY, now, tmp_path)
    assert runs.was_missed(COPY, now + timedelta(days=2), tmp_path)
