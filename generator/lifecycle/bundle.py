"""`make bundle`: one file with all that a machine without a network needs."""

from __future__ import annotations

import contextlib
import gzip
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import docker.errors

from generator.core.console import counted, note, step
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.core.paths import ROOT
from generator.core.process import Runner, indented, require, run, tail
from generator.engine.deployment import Deployment
from generator.engine.find import Engine, engine_environment
from generator.images.build import ensure_images
from generator.images.bundle import CHUNK_BYTES, FOLDER, digest, place_of
from generator.images.context import context_digest
from generator.images.manifest import IMAGES, NAME, TREE, WHEELS, Manifest
from generator.lifecycle import bundle_rest
from generator.lifecycle.build import image_specs
from generator.topics.updates.tree import REQUIREMENTS, SHOWN, Tree

PYTHONS = ("3.11", "3.12", "3.13")
"""Of Debian 12, Ubuntu 24.04 and Debian 13: packages are taken along for each."""
PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "linux")
ROOM = "Name another place: `make bundle TO=/srv`. Nothing of it is left there."


def write(deployment: Deployment, to: str) -> None:
    """Write the bundle of the version that this directory is at, with its images as they are built here.

    :param to: a file, or a directory; empty: in this one.
    :raises HomeroomError: this directory is no version, something cannot be had, or the disk is full; nothing is left.
    """
    tree = Tree(ROOT)
    commit = require_version(tree)
    made = Manifest(version=tree.version(commit).number, commit=commit, machine=platform.machine())
    bundle_rest.remove(deployment)
    target = target_of(to, made)
    with bundle_rest.noted(target.parent, commit) as scratch, carried(deployment, made) as images:
        try:
            with made_for(scratch):
                place = scratch / "bundle"
                place.mkdir()
                with step("Taking the tree along"):
                    done = tree.git("bundle", "create", "--quiet", str(place / TREE), "HEAD")
                    require(done, what="reading the tree", remedy=ROOM)
                with step("Taking Python packages along") as shown:
                    shown.say(counted(take_wheels(place / WHEELS), "file"))
                with step(f"Taking the images along: {', '.join(images)}") as shown:
                    save(deployment.engine, [made.tag(name) for name in images], place / IMAGES)
                    shown.say(in_units((place / IMAGES).stat().st_size))
                with step(f"Writing {target}") as shown:
                    sha256, size = pack(tree, replace(made, images=images), place, target)
                    shown.say(in_units(size))
        except OSError as error:
            raise HomeroomError(f"cannot be written: {error.strerror}", location=str(target), remedy=ROOM) from None
    note(f"SHA-256: {sha256}")
    note(f"On another machine: `tar xf {target.name}`, then `make up` in the directory that is there then.")
    note(f"Where Homeroom runs already: `make update FROM={target.name}`.")


def require_version(tree: Tree) -> str:
    """See that this directory is a version, as it was published; returns its commit.

    :raises HomeroomError: it has changes of the operator's, or not all of its history.
    """
    tree.require_clone()
    commit = tree.commit()
    if tree.git("rev-parse", "--is-shallow-repository").stdout.strip() == "true":
        remedy = "Run `git fetch --unshallow`."
        raise HomeroomError("this clone has not all of its history", location=str(ROOT), remedy=remedy)
    if changed := list(tree.changes(commit)):
        raise HomeroomError(
            f"{counted(len(changed), 'file')} outside site/ and .env changed here: {', '.join(changed[:SHOWN])}",
            location=str(ROOT),
            remedy="`git stash --include-untracked` puts them aside; a bundle is of a version.",
        )
    return commit


def target_of(to: str, made: Manifest) -> Path:
    """The file to write.

    :raises HomeroomError: its directory is not there.
    """
    name = f"homeroom-{made.version}-{made.commit[:8]}-{made.machine}.tar"
    target = Path(to).absolute() if to else ROOT / name
    target = target / name if target.is_dir() else target
    if not target.parent.is_dir():
        raise HomeroomError(
            "there is no such directory", location=str(target.parent), remedy="Make it, or name another."
        )
    return target


@contextlib.contextmanager
def made_for(scratch: Path) -> Iterator[None]:
    """Have a folder for nobody else, which is removed afterwards."""
    scratch.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextlib.contextmanager
def carried(deployment: Deployment, made: Manifest) -> Iterator[dict[str, str]]:
    """All of this version's images, also those that this deployment has no use for, under the names by which they are
    carried; gives of each the digest of what it was built from."""
    ours = image_specs(deployment, everything=True)
    specs = [replace(each, tag=made.tag(each.name)) for each in ours]
    try:
        for each, spec in zip(ours, specs, strict=True):
            with contextlib.suppress(docker.errors.ImageNotFound):
                deployment.client.images.get(each.tag).tag(*spec.tag.split(":"))
        ensure_images(deployment.engine, specs)
        yield {spec.name: context_digest(spec) for spec in specs}
    finally:
        for spec in specs:
            with contextlib.suppress(docker.errors.APIError):
                deployment.client.images.remove(spec.tag)


def take_wheels(folder: Path, *, runner: Runner = run) -> int:
    """Have the commands' Python packages for each Python that a machine may have; returns how many files they are.

    :raises HomeroomError: the index does not answer.
    """
    machine, requirements = platform.machine(), ROOT / REQUIREMENTS
    place = place_of(Tree(ROOT).commit()) / WHEELS
    known = [f"--find-links={place}"] if place.is_dir() else []
    for version in PYTHONS:
        words = ["download", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", f"--dest={folder}"]
        words += [f"--python-version={version}", *(f"--platform={each}_{machine}" for each in PLATFORMS)]
        words += ["--disable-pip-version-check", f"--requirement={requirements}", *known]
        done = runner([sys.executable, "-m", "pip", *words])
        if done.returncode:
            raise HomeroomError(
                f"Python packages for Python {version} cannot be had:{indented(tail(done.stderr, 3))}",
                location=str(requirements),
                remedy="See to the network, its proxy (HTTPS_PROXY) or certificates (PIP_CERT).",
            )
    return len(list(folder.iterdir()))


def save(engine: Engine, tags: Sequence[str], to: Path) -> None:
    """Have images in one file, what they share once.

    :raises HomeroomError: the engine does not give them.
    :raises OSError: the disk is full.
    """
    several = ["--multi-image-archive"] if engine.kind == "podman" else []
    command = [engine.kind, "save", *several, *tags]
    with tempfile.TemporaryFile() as said:
        saving = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=engine_environment(engine))
        assert saving.stdout is not None
        try:
            with gzip.open(to, "wb", compresslevel=1) as packed:
                shutil.copyfileobj(saving.stdout, packed, CHUNK_BYTES)
            ended = saving.wait()
        finally:
            saving.kill()
            saving.stdout.close()
            saving.wait()
        if ended:
            said.seek(0)
            why = indented(tail(said.read().decode(errors="replace"), 3))
            raise HomeroomError(f"the engine did not give the images:{why}", remedy="See its log and its disk.")


def pack(tree: Tree, made: Manifest, place: Path, target: Path) -> tuple[str, int]:
    """Put all into one file: the tree as it is published, then the manifest, then the rest; returns its digest.

    :raises OSError: the disk is full; what was there before is as it was.
    """
    paths = sorted((path for path in place.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    files = {path.relative_to(place).as_posix(): digest(path) for path in paths}
    made = replace(made, files=files, made_at=datetime.now(UTC).isoformat(timespec="seconds"))
    (place / NAME).write_text(made.text())
    part = place.parent / target.name
    head = f"homeroom-{made.version}"
    done = tree.git("archive", "--format=tar", f"--prefix={head}/", f"--output={part}", made.commit)
    require(done, what="reading the tree", remedy=ROOM)
    with tarfile.open(part, "a:") as archive:
        for path in (place / NAME, *paths):
            name = f"{head}/{FOLDER.name}/{made.commit[:12]}/{path.relative_to(place).as_posix()}"
            archive.add(path, name, filter=of_nobody)
            path.unlink()
    found = digest(part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    return found


def of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry that says nothing of who made it."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o644
    return entry
