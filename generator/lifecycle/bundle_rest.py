"""What a `make bundle` that was killed has left: a folder beside the file that it wrote, and images by further names.

Each run notes both before it makes them, in this deployment's directory, so that the next one removes them and nothing
of anybody else's.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker.errors

from generator.core import json_file
from generator.core.console import note
from generator.engine.deployment import Deployment
from generator.images.manifest import Manifest
from generator.topics.updates import record

FILE = "bundle.json"
PREFIX = ".homeroom-bundle-"


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What a run makes, and removes at its end.

    :param scratch: its folder; empty: there is no run.
    :param commit: the version, after which its images are named.
    """

    scratch: str = ""
    commit: str = ""


@contextlib.contextmanager
def noted(parent: Path, commit: str) -> Iterator[Path]:
    """Note what a run is about to make, as long as it goes on; gives the name of its folder, which is not there yet.

    :param parent: where the folder is to be.
    """
    file = record.FOLDER / FILE
    scratch = parent / f"{PREFIX}{secrets.token_hex(4)}"
    record.FOLDER.mkdir(mode=0o700, exist_ok=True)
    json_file.write(file, Rest(scratch=str(scratch), commit=commit))
    try:
        yield scratch
    finally:
        file.unlink(missing_ok=True)


def remove(deployment: Deployment) -> None:
    """Remove what the last run has left, if it was killed; say so."""
    file = record.FOLDER / FILE
    left = json_file.read(file, Rest)
    if not left.scratch:
        return
    scratch = Path(left.scratch)
    if scratch.name.startswith(PREFIX) and scratch.is_dir() and not scratch.is_symlink():
        shutil.rmtree(scratch, ignore_errors=True)
        if scratch.is_dir():
            note(f"A bundle that was cut off has left {scratch}, which cannot be removed: remove it by hand.")
    start = Manifest(version="", commit=left.commit, machine="").tag("").removesuffix(":local")
    tags = [tag for image in deployment.client.images.list() for tag in image.tags if tag.startswith(start)]
    for tag in tags:
        with contextlib.suppress(docker.errors.APIError):
            deployment.client.images.remove(tag)
    file.unlink(missing_ok=True)
    note("What a bundle that was cut off had left is removed.")
