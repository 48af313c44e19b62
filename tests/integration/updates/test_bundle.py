"""Images go to another machine in a file, by a real engine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker.errors
import pytest

from generator.core.errors import HomeroomError
from generator.engine.find import Engine, find_engine
from generator.images import bundle
from generator.images.build import ensure_images
from generator.images.context import context_digest
from generator.images.manifest import IMAGES, NAME, TREE, Manifest
from generator.images.spec import BuildSpec
from generator.lifecycle.bundle import save
from tests.hub_deployment import ENGINE_SOCKET, ROOT
from tests.hub_deployment import engine as client

NAMES = ("hub", "lab")


@pytest.fixture
def project() -> Iterator[str]:
    """A name that no deployment has; its images are removed."""
    name = f"hrbundle{os.getpid()}"
    yield name
    for tag in [tag for image in client().images.list() for tag in image.tags]:
        if tag.startswith((f"{name}-", "homeroom-bundle-" + "ab" * 6)):
            with contextlib.suppress(docker.errors.ImageNotFound):
                client().images.remove(tag, force=True)


def specs(folder: Path, tags: dict[str, str]) -> list[BuildSpec]:
    """Images that take no time to build."""
    for name in tags:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "file").write_text(name)
        (folder / name / "Dockerfile").write_text("FROM debian:trixie-slim\nCOPY file /file\n")
    return [BuildSpec(name, tag, folder / name, folder / name / "Dockerfile") for name, tag in tags.items()]


def impossible(*_: object, **__: object) -> Any:
    """No command can be run: no image can be built."""
    raise AssertionError("something was built")


def test_images_are_taken_where_none_can_be_built(prepared_engine: Any, project: str, tmp_path: Path) -> None:
    """Images that an engine gives into one file are taken from it by a deployment of another name with all that they
    hold, and nothing is built; the names that they were carried by are gone. A file that was altered gives none."""
    engine: Engine = find_engine(ENGINE_SOCKET)
    made = Manifest(version="0.2.0", commit="ab" * 20, machine=os.uname().machine)
    carried = specs(tmp_path / "one", {name: made.tag(name) for name in NAMES})
    ids = {image.name: image.image_id for image in ensure_images(engine, carried, logs=tmp_path)}
    place = tmp_path / "bundle" / made.commit[:12]
    place.mkdir(parents=True)
    save(engine, [spec.tag for spec in carried], place / IMAGES)
    (place / TREE).touch()
    files = {name: bundle.digest(place / name) for name in (IMAGES, TREE)}
    images = {spec.name: context_digest(spec) for spec in carried}
    found = Manifest(version="0.2.0", commit=made.commit, machine=made.machine, images=images, files=files)
    (place / NAME).write_text(found.text())
    for spec in carried:
        client().images.remove(spec.tag)

    wanted = specs(tmp_path / "two", {name: f"{project}-{name}:local" for name in NAMES})
    whole = (place / IMAGES).read_bytes()
    (place / IMAGES).write_bytes(whole[:-1] + b"!")
    with pytest.raises(HomeroomError, match="cut off or altered"):
        bundle.take(engine, wanted, place.parent)
    (place / IMAGES).write_bytes(whole)
    bundle.take(engine, wanted, place.parent)
    taken = ensure_images(engine, wanted, logs=tmp_path, runner=impossible)
    assert {image.name: image.image_id for image in taken} == ids
    assert not any(image.built for image in taken)
    assert client().containers.run(wanted[1].tag, ["cat", "/file"], remove=True, network_mode="none") == b"lab"
    assert not [tag for image in client().images.list() for tag in image.tags if tag in {s.tag for s in carried}]
    (place / IMAGES).unlink()
    bundle.take(engine, wanted, place.parent)


def test_packages_come_out_of_a_bundle(tmp_path: Path) -> None:
    """Where no index answers, the commands' Python packages come out of the bundle beside the tree, by their hashes."""
    wheels = tmp_path / "bundle/0123456789ab/wheels"
    wheels.mkdir(parents=True)
    wheel = wheels / "homeroom_example-1.0-py3-none-any.whl"
    info = "homeroom_example-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("homeroom_example.py", "WORDS = 'taken along'\n")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: homeroom-example\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    pinned = f"homeroom-example==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    (tmp_path / "requirements.txt").write_text(pinned)
    closed = {
        **os.environ,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
    }
    make = ["sh", str(ROOT / "generator/venv.sh"), ".venv", "requirements.txt"]
    subprocess.run(make, cwd=tmp_path, env=closed, check=True)
    python = [".venv/bin/python", "-c", "import homeroom_example; print(homeroom_example.WORDS)"]
    said = subprocess.run(python, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == "taken along\n"
