"""Copies that cannot be made: disks that fill in the middle, here and there, and the lock of another machine."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL
from tests.faults import until
from tests.hub_deployment import HubDeployment, engine
from tests.integration.copies.repository import of_copies, refused, restic, sent_to, small_disk

USER, OWNER = "large", (1000, 100)
WORK_BYTES = 90 << 20
READS_ON = "while python3 -m homeroom_copies.restic --no-cache --repo /repository check --read-data; do :; done"
DISK, LARGER_DISK = "72m", "512m"


@pytest.fixture
def large_home(deployment: HubDeployment, place: Path) -> Iterator[None]:
    """A home that a small disk has no room for."""
    labels = {DEPLOYMENT_LABEL: deployment.project, USER_LABEL: USER}
    volume = engine().volumes.create(f"{deployment.project}-user-{USER}", labels=labels)
    work = Path(volume.attrs["Mountpoint"]) / "work"
    work.write_bytes(os.urandom(WORK_BYTES))
    os.chown(work, *OWNER)
    yield
    volume.remove()


@pytest.mark.usefixtures("large_home")
def test_a_disk_that_fills_in_the_middle(deployment: HubDeployment, place: Path, tmp_path: Path) -> None:
    """It is told, and there is no half copy: what was written counts as none, nothing goes on, and once there is room
    the next run makes a copy of which each byte is right."""
    with small_disk(tmp_path / "disk", DISK) as disk, sent_to(deployment, str(disk)):
        assert "there is no room left" in refused(deployment)
        assert list((disk / "data").glob("*/*")), "it was full before it began"
        assert json.loads(restic(deployment, disk, "snapshots", "--json", "--no-lock")) == []
        assert of_copies(deployment) == []
        assert "made no copy" in deployment.make("status").stdout
        subprocess.run(["mount", "-o", f"remount,size={LARGER_DISK}", str(disk)], check=True)
        deployment.make("backup")
        assert "no errors were found" in restic(deployment, disk, "check", "--read-data")
        (copy,) = json.loads(restic(deployment, disk, "snapshots", "--json"))
        assert copy["summary"]["total_bytes_processed"] > WORK_BYTES


@contextlib.contextmanager
def full(path: Path) -> Iterator[None]:
    """A directory with what it holds on a disk on which nothing more finds room."""
    size = 4 * sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) + (256 << 10)
    held = Path(shutil.copytree(path, path.with_name(f"{path.name}-held")))
    try:
        with small_disk(path, str(size)):
            shutil.copytree(held, path, dirs_exist_ok=True)
            path.chmod(held.stat().st_mode)
            with contextlib.suppress(OSError), (path / "filler").open("wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
            yield
    finally:
        shutil.rmtree(held)


def test_a_full_disk_of_this_machine(deployment: HubDeployment, place: Path) -> None:
    """Where databases cannot be laid out, or nothing be noted: told with what has no room, and copies that are there
    stay."""
    before = restic(deployment, place, "snapshots", "--json")
    scratch = Path(engine().volumes.get(f"{deployment.project}_copies").attrs["Mountpoint"])
    with small_disk(scratch, "16k"):
        said = refused(deployment)
        assert "database or disk is full" in said
        assert "Make room on the engine's disk" in said
    with full(deployment.directory / "backup"):
        said = refused(deployment)
        assert "cannot be written: No space left on device" in said
        assert "Free space on that disk" in said
    assert of_copies(deployment) == []
    assert len(json.loads(restic(deployment, place, "snapshots", "--json"))) >= len(json.loads(before))
    deployment.make("backup")


@pytest.fixture
def another_machine(deployment: HubDeployment, place: Path) -> Iterator[Any]:
    """Another machine that reads all copies and lets nobody else write meanwhile; it stands still just then."""
    running = engine().containers.create(
        f"{deployment.project}-copies:local",
        ["sh", "-c", READS_ON],
        user="0:0",
        hostname="another",
        network_mode="none",
        volumes={
            str(place): {"bind": "/repository", "mode": "rw"},
            str(deployment.directory / "backup"): {"bind": "/run/backup", "mode": "ro"},
        },
    )
    try:
        running.start()

        def stands_still_with_a_lock() -> bool:
            until(lambda: list((place / "locks").iterdir()), "it has a lock", interval=0.01)
            running.pause()
            if list((place / "locks").iterdir()):
                return True
            running.unpause()
            return False

        until(stands_still_with_a_lock, "it stands still with its lock")
        yield running
    finally:
        with contextlib.suppress(docker.errors.NotFound):
            running.remove(force=True)
        restic(deployment, place, "unlock", "--remove-all", "--quiet")


def test_a_lock_of_another_machine(deployment: HubDeployment, place: Path, another_machine: Any) -> None:
    """While it lives, and for half an hour after it died without a word, it is told who holds the copies; its lock is
    left alone, and copies that are there stay."""
    locks = {each.name for each in (place / "locks").iterdir()}
    assert "are locked by another machine" in refused(deployment)
    another_machine.remove(force=True)
    assert "counts no more after 30 minutes" in refused(deployment)
    assert {each.name for each in (place / "locks").iterdir()} == locks
    assert of_copies(deployment) == []
