"""Copies of a deployment, as its operator and as restic on another machine meet them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.core.labels import DEPLOYMENT_LABEL
from tests.hub_deployment import HubDeployment, engine


@contextlib.contextmanager
def sent_to(deployment: HubDeployment, address: str) -> Iterator[None]:
    """Copies go to this address while the body runs."""
    file = deployment.directory / ".env"
    before = file.read_text()
    others = [line for line in before.splitlines() if not line.startswith("BACKUP_TO=")]
    file.write_text("\n".join([*others, f"BACKUP_TO={address}", ""]))
    try:
        yield
    finally:
        file.write_text(before)


def restic(deployment: HubDeployment, place: Path, *arguments: str, out: Path | None = None) -> str:
    """Run restic on copies, as one would on another machine."""
    volumes = {
        str(place): {"bind": "/repository", "mode": "rw"},
        str(deployment.directory / "backup"): {"bind": "/run/backup", "mode": "ro"},
    }
    if out:
        volumes[str(out)] = {"bind": "/out", "mode": "rw"}
    output: bytes = engine().containers.run(
        f"{deployment.project}-copies:local",
        ["python3", "-m", "homeroom_copies.restic", "--no-cache", "--repo", "/repository", *arguments],
        user="0:0",
        network_mode="none",
        volumes=volumes,
        remove=True,
    )
    return output.decode()


def refused(deployment: HubDeployment) -> str:
    """What `make backup` says when it makes no copy."""
    done = deployment.verb("backup")
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stdout
    return " ".join(done.stdout.split())


def of_copies(deployment: HubDeployment) -> list[Any]:
    """What runs for copies just now."""
    labels = [f"{DEPLOYMENT_LABEL}={deployment.project}", "homeroom.service=copies"]
    return list(engine().containers.list(all=True, ignore_removed=True, filters={"label": labels}))


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    """A disk of this size, over a directory that may be there; what lies under it is there again afterwards."""
    path.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)
