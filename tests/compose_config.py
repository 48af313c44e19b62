"""What Compose makes of a file and an `.env`, asked of Compose itself; it needs its client and no running engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from generator.schema.settings import Settings


def have_compose(request: pytest.FixtureRequest) -> None:
    """See that there is a Compose; where there is none, the engine is installed as for the other tests."""
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        request.getfixturevalue("prepared_engine")


def compose(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `docker compose ARGUMENTS` in a directory, with nothing of the shell that Compose or a setting could read."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("COMPOSE_") and name not in Settings.model_fields
    }
    return subprocess.run(
        ["docker", "compose", *arguments], cwd=directory, env=environment, capture_output=True, text=True, timeout=120
    )


def config(directory: Path, *options: str) -> dict[str, Any]:
    """The whole configuration, interpolated, as Compose would act on it."""
    done = compose(directory, *options, "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
