"""Files come back whole or not at all: into a home that is full, and when the command is killed; homes that vanish."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL
from tests.faults import until
from tests.hub_deployment import HubDeployment, engine

MADE_WITH_ALARM = 3
USER, OWNER = "tiny", (1000, 100)
WORK_BYTES = 60 << 20


@pytest.fixture
def home(deployment: HubDeployment, place: Path) -> Iterator[Path]:
    """Where the home of somebody lies, of whose files there is a copy."""
    labels = {DEPLOYMENT_LABEL: deployment.project, USER_LABEL: USER}
    volume = engine().volumes.create(f"{deployment.project}-user-{USER}", labels=labels)
    path = Path(volume.attrs["Mountpoint"])
    (path / "work").write_bytes(os.urandom(WORK_BYTES))
    for one in (path, path / "work"):
        os.chown(one, *OWNER)
    deployment.make("backup")
    yield path
    with contextlib.suppress(docker.errors.NotFound):
        volume.remove()
    deployment.make("backup", "CONFIRM=1")


def test_a_full_home_is_told_and_gets_nothing_half(deployment: HubDeployment, home: Path) -> None:
    """The home is named, not the place of the copies, and holds what it held."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(home)], check=True)
    try:
        os.chown(home, *OWNER)
        done = deployment.verb("restore", USER)
        assert list(home.iterdir()) == []
    finally:
        subprocess.run(["umount", str(home)], check=True)
    assert done.returncode == 2
    assert "tiny's home: there is no room left there" in " ".join(done.stdout.split())


def test_what_a_killed_run_left_is_cleared_away(deployment: HubDeployment, home: Path) -> None:
    """A folder that came back half is closed to the home's owner, and gone after the next run, which is whole."""
    running = subprocess.Popen(
        [".venv/bin/python", "-m", "generator", "restore", USER],
        cwd=deployment.directory,
        env=deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: folders(home), "files come back", interval=0.01)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    (half,) = folders(home)
    assert (half.stat().st_uid, half.stat().st_mode & 0o077) == (0, 0)
    deployment.make("restore", f"NAME={USER}")
    (whole,) = folders(home)
    assert whole != half
    assert (whole.stat().st_uid, (whole / "work").stat().st_size) == (OWNER[0], WORK_BYTES)
    shutil.rmtree(whole)


def folders(home: Path) -> list[Path]:
    """What came back, whole or not."""
    return list(home.glob("restored-*"))


def test_a_home_that_vanished_is_told(deployment: HubDeployment, home: Path) -> None:
    """A home that somebody removed by hand is named by the next copies, until it is said to be right; its files come
    back from the copy before, once there is a home again."""
    engine().volumes.get(f"{deployment.project}-user-{USER}").remove()
    for _ in range(2):
        done = deployment.verb("backup")
        assert done.returncode == MADE_WITH_ALARM
        assert f"nobody removed these people: {USER}" in " ".join(done.stdout.split())
    assert f"nobody removed these people: {USER}" in " ".join(deployment.make("status").stdout.split())
    assert "nobody removed" not in deployment.make("backup", "CONFIRM=1").stdout
