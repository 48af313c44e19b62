"""The deployment that a drill makes beside the one that runs: its name and commands, and how nothing is left of it.

All that is its own on the engine begins with its name, which has a digest of this directory in it: no deployment that
somebody made has it.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker.errors

from generator.core.labels import DEPLOYMENT_LABEL
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.engine.find import engine_environment
from generator.schema.settings import Settings

DRILL = "drill"
LONGEST_PART = 17
"""Of the deployment's name: the schema lets names be 31 long."""
END_SECONDS = 60


def name_of(project: str, root: Path = ROOT, *, what: str = DRILL) -> str:
    """What the deployment beside is called.

    :param what: is tried with it, in five letters at most.
    """
    digest = hashlib.sha256(f"{root} {project}".encode()).hexdigest()
    return f"{project[:LONGEST_PART]}-{what}-{digest[:6]}"


def run(
    deployment: Deployment, tree: Path, script: str, arguments: Sequence[str], *, lock: int, given: Mapping[str, str]
) -> int:
    """Run commands in a directory that is laid out for it, with the shell's own settings left out; the exit code. They
    end when we do: they live by their standard input.

    :param lock: what is held as long as one of them runs.
    :param given: settings in the place of the shell's.
    """
    environment = engine_environment(deployment.engine, drop=set(Settings.model_fields))
    process = subprocess.Popen(
        ["sh", "-ec", script, tree.parent.name.lstrip("."), *arguments],
        cwd=tree,
        env={**environment, **given, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        pass_fds=[lock],
    )
    try:
        return process.wait()
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def remove(client: Any, name: str) -> int:
    """Remove all of it from the engine; returns how many containers, volumes and names of images that were."""
    api, removed = client.api, 0
    for row in api.containers(all=True):
        if is_its(row.get("Names") or [], row.get("Labels") or {}, name):
            with suppress(docker.errors.NotFound):
                api.remove_container(row["Id"], force=True, v=True)
                removed += 1
    for row in api.volumes().get("Volumes") or []:
        if row["Name"].startswith(_starts(name)):
            with suppress(docker.errors.NotFound):
                api.remove_volume(row["Name"], force=True)
                removed += 1
    for tag in [tag for row in api.images() for tag in row.get("RepoTags") or []]:
        if tag.removeprefix("localhost/").startswith(_starts(name)):  # Podman's
            with suppress(docker.errors.ImageNotFound):
                api.remove_image(tag)
                removed += 1
    return removed


def is_its(names: Sequence[str], labels: dict[str, str], name: str) -> bool:
    """Whether a container is the drill's: by its name, or its label where it has none of ours."""
    return labels.get(DEPLOYMENT_LABEL) == name or any(one.lstrip("/").startswith(_starts(name)) for one in names)


def _starts(name: str) -> tuple[str, str]:
    return f"{name}-", f"{name}_"
