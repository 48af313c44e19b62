"""What becomes of copies over time, with restic and a rest-server as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.hub_deployment import HubDeployment, engine
from tests.integration.copies.repository import refused, restic, sent_to
from tests.integration.copies.servers import rest_server

PATIENCE_SECONDS = 60
MADE_WITH_ALARM = 3


def times(deployment: HubDeployment, place: Path) -> list[str]:
    """The days of the copies that there are."""
    return [each["time"][:10] for each in json.loads(restic(deployment, place, "snapshots", "--json"))]


def add(deployment: HubDeployment, place: Path, *moments: datetime) -> None:
    """Copies as others would have made them."""
    for moment in moments:
        restic(
            deployment,
            place,
            *("backup", "--quiet", "/etc/hostname", "--tag=homeroom", f"--host={deployment.project}"),
            f"--time={moment:%Y-%m-%d %H:%M:%S}",
        )


def leave_a_lock(deployment: HubDeployment, place: Path) -> None:
    """The lock of a run of this deployment that was killed, one that keeps all others out."""
    prefix = "import generator.topics.copies.copier as c; from generator.engine.deployment import open_deployment; "
    name = subprocess.run(
        [".venv/bin/python", "-c", f"{prefix}print(c.host_name(open_deployment()))"],
        cwd=deployment.directory,
        env=deployment.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    running = engine().containers.run(
        f"{deployment.project}-copies:local",
        ["python3", "-m", "homeroom_copies.restic", "--no-cache", "--repo", "/repository", "backup", "--stdin"],
        user="0:0",
        hostname=name,
        network_mode="none",
        stdin_open=True,
        detach=True,
        volumes={
            str(place): {"bind": "/repository", "mode": "rw"},
            str(deployment.directory / "backup"): {"bind": "/run/backup", "mode": "ro"},
        },
    )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not list((place / "locks").iterdir()):
            assert time.monotonic() < deadline, running.logs().decode()
            time.sleep(0.1)
    finally:
        running.remove(force=True)
    assert list((place / "locks").iterdir())


def test_old_copies_go_and_what_looks_wrong_stays(deployment: HubDeployment, place: Path, tmp_path: Path) -> None:
    """A copy after three years without: the too old one goes, though a killed run left its lock. With one from the
    future all stay from then on, and damage is found: both are alarms of a run that made a copy all the same. Where the
    copies are gone, as with a disk that is not mounted, none are begun."""
    here = Path(shutil.copytree(place, tmp_path / "disk"))
    old, future = datetime.now(UTC) - timedelta(days=1100), datetime.now(UTC) + timedelta(days=700)
    with sent_to(deployment, str(here)):
        add(deployment, here, old)
        leave_a_lock(deployment, here)
        deployment.make("backup")
        assert list((here / "locks").iterdir()) == []
        assert f"{old:%Y-%m-%d}" not in times(deployment, here)
        add(deployment, here, future, old)
        for pack in (here / "data").glob("*/*"):
            pack.chmod(0o600)
            pack.write_bytes(b"\0" * pack.stat().st_size)
        forget_reading(deployment)
        done = deployment.verb("backup")
        assert done.returncode == MADE_WITH_ALARM, done.stdout
        said = " ".join(done.stdout.split())
        for words in ("A copy of", "no copy is forgotten, since a copy is dated in the future", "copies are damaged"):
            assert words in said
        assert f"{old:%Y-%m-%d}" in times(deployment, here)
        here.rename(tmp_path / "away")
        here.mkdir()
        assert "are not there now" in refused(deployment)
        assert list(here.iterdir()) == []


def forget_reading(deployment: HubDeployment) -> None:
    """As if a day had passed since a part of the copies was read."""
    file = deployment.directory / "backup/upkeep.json"
    known: dict[str, Any] = json.loads(file.read_text())
    assert known["read_at"]
    file.write_text(json.dumps({**known, "read_at": {}}))


def test_a_server_that_only_lets_add(deployment: HubDeployment, place: Path, tmp_path: Path) -> None:
    """A copy goes to a rest-server from which nothing may be removed; that is told, and is no fault. Nothing is there
    less afterwards."""
    store = tmp_path / "store/hub"
    store.mkdir(parents=True)
    restic(deployment, store, "init", "--quiet")
    old = datetime.now(UTC) - timedelta(days=1100)
    add(deployment, store, old)
    with rest_server(tmp_path) as port, sent_to(deployment, f"rest:http://127.0.0.1:{port}/hub/"):
        said = deployment.make("backup").stdout
    assert "lets nothing be removed" in " ".join(said.split())
    found = times(deployment, store)
    assert f"{old:%Y-%m-%d}" in found
    assert len(found) >= 2
