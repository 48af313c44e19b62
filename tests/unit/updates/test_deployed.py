"""What an update does to the directory and with other commands of Homeroom."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.engine.find import Engine
from generator.schema import env_file
from generator.topics.updates import deployed, record
from generator.topics.updates.deployed import Deployed
from generator.topics.updates.record import Update
from tests.sample_settings import settings

ENGINE = Engine("docker", Path("/nonexistent/engine.sock"), "26.1.5", "1.45", rootless=False)
OLD, NEW = "a" * 40, "b" * 40
UPDATE = Update(step="switching", old=OLD, new=NEW, images=("hub",))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A deployment whose directory is empty."""
    monkeypatch.setattr(record, "FOLDER", tmp_path / ".update")
    monkeypatch.setattr(deployed, "LOOK_SECONDS", 0.01)
    (tmp_path / ".update").mkdir()
    return Deployed(Deployment(settings(COMPOSE_PROJECT_NAME="room"), ENGINE), root=tmp_path)


def answering(monkeypatch: pytest.MonkeyPatch, script: str) -> list[tuple[str, ...]]:
    """Have a script run in the place of Homeroom's commands; returns which they would have been."""
    called: list[tuple[str, ...]] = []

    def run(self: Deployed, root: Path, *words: str) -> Any:
        called.append(words)
        return subprocess.Popen([sys.executable, "-c", script, str(self.folder / record.NOW)])

    monkeypatch.setattr(Deployed, "_generator", run)
    return called


PROVES = "import sys; p = sys.argv[1]; t = open(p).read(); open(p, 'w').write(t.replace('switching', 'proved'))"


def test_a_version_has_its_time_to_be_well(here: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that proves itself is well, also where kernels fail after that; one that fails before is not; one that
    does not end is ended when its time is over."""
    record.write(UPDATE, here.folder)
    called = answering(monkeypatch, PROVES)
    assert here.prove(60) == ""
    assert called == [("up", "--within-update=1")]
    record.write(UPDATE, here.folder)
    answering(monkeypatch, f"{PROVES}; sys.exit(2)")
    assert here.prove(60) == ""
    record.write(UPDATE, here.folder)
    answering(monkeypatch, "raise SystemExit(3)")
    assert here.prove(60) == "`make up` ended with 3, as told above"
    answering(monkeypatch, "import time; time.sleep(60)")
    assert here.prove(0) == "it was not up within 0 seconds"


def test_the_next_version_has_the_settings_under_another_name(
    here: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next version is laid out with the operator's settings and `site/`, but for the deployment's name; nobody else
    reads its secrets."""
    text = "HUB_PORT=8123\nCOMPOSE_PROJECT_NAME=room\nLOG_LEVEL=DEBUG\n"
    (tmp_path / ".env").write_text(text)
    (tmp_path / "generator").mkdir()
    (tmp_path / "generator/requirements.txt").write_text("typer==1\n")
    monkeypatch.setattr(deployed, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setattr(Deployed, "tidy", lambda _: None)
    lays_out = lambda commit, folder: shutil.copytree(tmp_path / "generator", folder / "generator")  # noqa: E731
    monkeypatch.setattr(Deployed, "tree", property(lambda _: SimpleNamespace(lay_out=lays_out)))
    here.lay_out(NEW)
    laid = here.next_root / ".env"
    written = {line.key: line.value for line in env_file.parse(laid.read_text())}
    assert written == {"HUB_PORT": "8123", "LOG_LEVEL": "DEBUG", "COMPOSE_PROJECT_NAME": "room-next"}
    assert laid.stat().st_mode & 0o777 == 0o600
    assert (here.next_root / ".venv").readlink() == tmp_path / ".venv"
    assert (here.next_root / "site").readlink() == SITE
    long = Deployed(Deployment(settings(COMPOSE_PROJECT_NAME="r" * 31), ENGINE), root=tmp_path)
    assert env_file.parse(long._env_of_next())[-1].value == "r" * 26 + "-next"


def test_packages_come_and_go_with_their_version(
    here: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python packages that were made for the next version are in place with it, and those of the old one on the way
    back, so neither waits for a network; where both have the same, nothing moves."""
    at = [OLD]
    tree: Any = type(
        "Tree", (), {"commit": lambda _: at[0], "check_out": lambda _, to, branch: at.__setitem__(0, to)}
    )()
    monkeypatch.setattr(Deployed, "tree", property(lambda _: tree))
    for folder, words in ((tmp_path / ".venv", "old"), (here.next_root / ".venv", "new")):
        folder.mkdir(parents=True)
        (folder / ".installed").write_text(words)
    for commit, words in ((NEW, "new"), (OLD, "old"), (OLD, "old"), (NEW, "new")):
        here.check_out(commit)
        assert (tmp_path / ".venv/.installed").read_text() == words
    (here.next_root / ".venv").symlink_to(tmp_path / ".venv")
    third = "c" * 40
    here.check_out(third)
    assert (tmp_path / ".venv/.installed").read_text() == "new"


def test_a_command_of_an_update_holds_the_deployment(here: Deployed, tmp_path: Path) -> None:
    """While a command that an update has begun still runs, nobody else changes the deployment, also once the update
    itself was killed; afterwards it is free."""
    (tmp_path / "generator").mkdir()
    (tmp_path / "generator/venv.sh").touch()
    (tmp_path / ".venv/bin").mkdir(parents=True)
    python = tmp_path / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "$@" > asked; read line < goes-on\n')
    python.chmod(0o755)
    os.mkfifo(tmp_path / "goes-on")
    with exclusive(tmp_path) as lock:
        running = Deployed(here.deployment, lock, tmp_path)._generator(tmp_path, "up", "--within-update=1")
    with pytest.raises(HomeroomError, match="another command is changing this deployment"), exclusive(tmp_path):
        pass
    (tmp_path / "goes-on").write_text("\n")
    assert running.wait() == 0
    assert (tmp_path / "asked").read_text() == "-m generator up --within-update=1\n"
    with exclusive(tmp_path):
        pass
