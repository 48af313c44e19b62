"""Whose files the clock runs, and as whom: root runs nothing that others may change."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.lifecycle import timers
from generator.timers import job, machine, place
from generator.timers.cron import Cron
from tests.sample_settings import settings

NIGHTLY = settings(BACKUP_TO="/srv/copies", BACKUP_AT="02:30", COMPOSE_PROJECT_NAME="biology")
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A deployment's directory, as a clone leaves it, with one of its own above it."""
    made = tmp_path / "above/hub"
    for name in ("generator/topics/copies", ".venv/bin", "tests"):
        (made / name).mkdir(parents=True)
    for name in ("Makefile", "tests/verbs.mk", "generator/topics/copies/verbs.py", ".venv/bin/python", ".env"):
        (made / name).touch(mode=0o600)
    for path in (made, *made.rglob("*"), made.parent):
        path.chmod(path.stat().st_mode & ~0o022)
    return made


def faulty(directory: Path, user: str, level: str) -> str:
    """What is wrong, if that is all."""
    (found,) = place.faults(directory, user, ["backup"])
    assert found.level == level
    assert found.remedy
    return found.cause


@pytest.mark.skipif(ME != "root", reason="only root has files of root's")
@pytest.mark.parametrize(
    "name", ["..", ".", "Makefile", "tests/verbs.mk", "generator/topics/copies/verbs.py", ".venv/bin"]
)
@pytest.mark.parametrize("is_given_away", [True, False])
def test_root_runs_nothing_that_others_may_change(directory: Path, name: str, is_given_away: bool) -> None:
    """Neither a file of the directory, nor where the directory itself may be replaced."""
    assert list(place.faults(directory, "root", ["backup"])) == []
    path = directory.parent if name == ".." else directory / name
    if is_given_away:
        os.chown(path, 65534, -1)
    else:
        path.chmod(0o777)
    assert "may change" in faulty(directory, "root", "error")
    assert next(place.faults(directory, "grace", [])).level == "warn"


def test_what_another_user_left_is_told(directory: Path) -> None:
    """A run that cannot read `.env`, or write its own log, would fail without a word."""
    assert f".env belongs to {ME}, and the clock runs this as grace" in faulty(directory, "grace", "warn")
    (directory / ".env").unlink()
    (directory / "timers/backup").mkdir(parents=True)
    assert "timers belongs to" in faulty(directory, "grace", "warn")


def test_a_path_of_two_lines_is_refused(directory: Path) -> None:
    """What stands in its second line would be one of cron's own."""
    moved = directory.rename(directory.parent / "hub\n* * * * * root id")
    assert "several lines" in faulty(moved, "grace", "error")


def test_what_must_not_be_run_is_not_installed(
    tmp_path: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told, and what was installed before is removed."""
    cron = Cron(tmp_path)
    cron.folder.mkdir(parents=True)
    monkeypatch.setattr(machine, "scheduler", lambda: cron)
    monkeypatch.setattr(job, "owner", lambda _: "grace")
    monkeypatch.setattr(timers, "ROOT", directory)
    timers.take_up(NIGHTLY)
    assert len(list(cron.folder.iterdir())) == 1
    monkeypatch.setattr(timers, "ROOT", directory.rename(directory.parent / "hub\n"))
    capsys.readouterr()
    timers.take_up(NIGHTLY)
    assert list(cron.folder.iterdir()) == []
    assert "several lines" in capsys.readouterr().err
    assert [each.level for each in timers.findings(NIGHTLY)] == ["error"]


def test_who_runs_one_now_is_who_the_clock_runs_it_as(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else what it writes is another's, and the clock's own runs fail from then on."""
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(HomeroomError, match="the clock runs it as"):
        timers.run(NIGHTLY, "backup")
