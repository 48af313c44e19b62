"""Copies of a deployment, as its operator and as restic on another machine meet them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

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
