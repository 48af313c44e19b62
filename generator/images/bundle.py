"""Bundles on this machine: laid out of a file beside the tree, looked over, and images taken out of them."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import docker.errors
import requests
from docker.errors import DockerException

from generator.core.console import note, step
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.core.paths import ROOT
from generator.engine.find import Engine, client
from generator.images import manifest
from generator.images.build import outdated
from generator.images.manifest import AGAIN, IMAGES, NAME, Manifest
from generator.images.spec import CONTEXT_LABEL, BuildSpec

FOLDER = ROOT / "bundle"
"""A folder a bundle in it, by the version's commit."""
CHUNK_BYTES = 1 << 20
MOST_OF_A_MANIFEST_BYTES = 4 << 20
LOAD_SECONDS = 900
ROOM = "Make room on that disk; nothing of it is left there."


def place_of(commit: str, folder: Path = FOLDER) -> Path:
    """Where the bundle of a commit lies."""
    return folder / commit[:12]


def there(folder: Path = FOLDER) -> Iterator[tuple[Path, Manifest]]:
    """The bundles that lie beside the tree.

    :raises HomeroomError: one of them is none.
    """
    for path in sorted(folder.glob(f"[0-9a-f]*/{NAME}")):
        yield path.parent, manifest.parse(path.read_bytes(), str(path))


def lay_out(file: Path, folder: Path = FOLDER) -> tuple[Path, Manifest]:
    """Lay a bundle out of its file: all of it, or nothing.

    :raises HomeroomError: it is none, was cut or altered, is for other machines, or the disk is full.
    """
    with step(f"Reading {file.name}") as shown:
        try:
            with tarfile.open(file, "r:") as archive:
                made, prefix = _manifest(archive, file)
                shown.say(f"Homeroom {made.version}, {in_units(made.size_bytes)}")
                manifest.require_machine(made, str(file))
                place = place_of(made.commit, folder)
                if place.is_dir() and _is_whole(place, made):
                    return place, made
                _lay(archive, prefix, made, place, file)
                return place, made
        except (tarfile.TarError, EOFError):
            raise _cut(file) from None
        except OSError as error:
            cause = f"the bundle cannot be laid out: {error.strerror or error}"
            raise HomeroomError(cause, location=str(folder), remedy=ROOM) from None


def _manifest(archive: tarfile.TarFile, file: Path) -> tuple[Manifest, str]:
    """The manifest in a file, and the path before its files."""
    for member in archive:
        if member.isreg() and member.name.endswith(f"/{NAME}") and member.name.split("/")[1] == FOLDER.name:
            if member.size > MOST_OF_A_MANIFEST_BYTES:
                break
            return manifest.parse(_opened(archive, member).read(), str(file)), member.name.removesuffix(NAME)
    raise HomeroomError("this is no bundle of Homeroom's", location=str(file), remedy="`make bundle` writes one.")


def _lay(archive: tarfile.TarFile, prefix: str, made: Manifest, place: Path, file: Path) -> None:
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700, parents=True)
    try:
        if shutil.disk_usage(part).free < made.size_bytes:
            cause = f"the bundle needs {in_units(made.size_bytes)}, which are not free"
            raise HomeroomError(cause, location=str(place.parent), remedy=ROOM)
        left = dict(made.files)
        for member in archive:
            name = member.name.removeprefix(prefix)
            if member.name.startswith(prefix) and member.isreg() and name in left:
                (part / name).parent.mkdir(exist_ok=True)
                if _copy(_opened(archive, member), part / name) != left.pop(name):
                    raise HomeroomError(f"{name} in this bundle was altered", location=str(file), remedy=AGAIN)
        if left:
            raise _cut(file)
        (part / NAME).write_text(made.text())
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    found = archive.extractfile(member)
    assert found is not None
    return found


def _cut(file: Path) -> HomeroomError:
    return HomeroomError("this file is no bundle of Homeroom's, or was cut off", location=str(file), remedy=AGAIN)


def _copy(source: IO[bytes], to: Path) -> tuple[str, int]:
    """Copy a file; returns its SHA-256 and its bytes."""
    found, size = hashlib.sha256(), 0
    with to.open("wb") as target:
        while chunk := source.read(CHUNK_BYTES):
            found.update(chunk)
            size += len(chunk)
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    return found.hexdigest(), size


def digest(path: Path) -> tuple[str, int]:
    """The SHA-256 of a file, and its bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _is_whole(place: Path, made: Manifest) -> bool:
    return all((place / name).is_file() and digest(place / name) == known for name, known in made.files.items())


def keep_only(commits: Sequence[str], folder: Path = FOLDER) -> None:
    """Remove the bundles of other commits."""
    kept = {commit[:12] for commit in commits}
    for path in folder.glob("[0-9a-f]*"):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)


def take(engine: Engine, specs: Sequence[BuildSpec], folder: Path = FOLDER) -> None:
    """Take the images that are missing, or of another version, out of the bundles beside the tree, where these have
    them; what they have not is built as always.

    :raises HomeroomError: a bundle was cut or altered, is for other machines, or the engine does not take it.
    """
    if not folder.is_dir() or not (wanted := outdated(engine, specs)):
        return
    for place, made in there(folder):
        chosen = [spec for spec in specs if spec.name in wanted and made.images.get(spec.name) == wanted[spec.name]]
        if chosen:
            manifest.require_machine(made, str(place))
            names = ", ".join(spec.name for spec in chosen)
            with step(f"Taking the images out of the bundle: {names}"):
                _load(engine, place, made, chosen)
            wanted = outdated(engine, specs)
    if wanted:
        note(f"The bundle has not what .env and site/ ask for of {', '.join(wanted)}: built here.")


def _load(engine: Engine, place: Path, made: Manifest, chosen: Sequence[BuildSpec]) -> None:
    file = place / IMAGES
    if not file.is_file() or digest(file) != made.files[IMAGES]:
        raise HomeroomError(
            "the images of this bundle were cut off or altered",
            location=str(file),
            remedy=f"Unpack it again. {AGAIN}",
        )
    speaking = client(engine, timeout_seconds=LOAD_SECONDS)
    try:
        with file.open("rb") as stream:
            speaking.images.load(stream)
        for spec in chosen:
            image: Any = speaking.images.get(made.tag(spec.name))
            if image.labels.get(CONTEXT_LABEL) != made.images[spec.name]:
                raise HomeroomError(f"the {spec.name} image is another one than the bundle says", remedy=AGAIN)
            image.tag(*spec.tag.split(":"))
    except (DockerException, requests.RequestException) as error:
        remedy = "See whether its disk is full (`docker system df`), and its log."
        cause = f"the engine did not take the bundle's images in: {error}"
        raise HomeroomError(cause, location=str(file), remedy=remedy) from None
    finally:
        for name in made.images:
            with suppress(docker.errors.APIError):
                speaking.images.remove(made.tag(name))
        speaking.close()
