"""Bundles: laid out of a file whole or not at all, and what must not be taken."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.engine.find import Engine
from generator.images import bundle, manifest
from generator.images.manifest import IMAGES, NAME, TREE, Manifest
from generator.images.spec import BuildSpec

COMMIT = "abcdef012345" + "0" * 28
ENGINE = Engine("docker", Path("/run/some.sock"), "26.1.5", "1.45", rootless=False)
CONTENT = {TREE: b"tree", "wheels/a-1-py3-none-any.whl": b"wheel", IMAGES: b"images" * 1000}


def described(content: dict[str, bytes]) -> Manifest:
    """The manifest of these files."""
    files = {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in content.items()}
    images = {"hub": "1" * 64, "lab": "2" * 64}
    return Manifest(version="0.2.0", commit=COMMIT, machine=os.uname().machine, images=images, files=files)


def packed(file: Path, made: Manifest, content: dict[str, bytes]) -> Path:
    """A bundle's file."""
    with tarfile.open(file, "w") as archive:
        for name, data in {"Makefile": b"all:", **inside(made, content)}.items():
            entry = tarfile.TarInfo(f"homeroom-0.2.0/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return file


def inside(made: Manifest, content: dict[str, bytes]) -> dict[str, bytes]:
    """What lies in it beside the tree."""
    return {f"bundle/{COMMIT[:12]}/{name}": data for name, data in {NAME: made.text().encode(), **content}.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where bundles are laid out."""
    return tmp_path / "bundle"


def left(folder: Path) -> list[str]:
    """What lies there."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_bundle_is_laid_out_whole(tmp_path: Path, folder: Path) -> None:
    """All of its files are there as they were, and nothing else; laid out again, it is left alone."""
    file = packed(tmp_path / "b.tar", described(CONTENT), CONTENT)
    place, made = bundle.lay_out(file, folder)
    assert place == folder / COMMIT[:12]
    assert left(place) == sorted([NAME, *CONTENT])
    assert all((place / name).read_bytes() == data for name, data in CONTENT.items())
    assert list(bundle.there(folder)) == [(place, made)]
    before = (place / IMAGES).stat().st_mtime_ns
    assert bundle.lay_out(file, folder)[0] == place
    assert (place / IMAGES).stat().st_mtime_ns == before
    (place / IMAGES).write_bytes(b"half")
    bundle.lay_out(file, folder)
    assert (place / IMAGES).read_bytes() == CONTENT[IMAGES]
    bundle.keep_only([COMMIT], folder)
    assert place.is_dir()
    bundle.keep_only(["0" * 40], folder)
    assert left(folder) == []


@pytest.mark.parametrize("bytes_left", [0, 600, 2000, 4000, 9000])
def test_a_file_that_was_cut_is_refused(tmp_path: Path, folder: Path, bytes_left: int) -> None:
    """Wherever it ends: it is said in words, and nothing of it is left."""
    file = packed(tmp_path / "b.tar", described(CONTENT), CONTENT)
    assert file.stat().st_size > 9000
    os.truncate(file, bytes_left)
    with pytest.raises(HomeroomError, match="no bundle of Homeroom's"):
        bundle.lay_out(file, folder)
    assert left(folder) == []


def test_a_file_that_was_altered_is_refused(tmp_path: Path, folder: Path) -> None:
    """Another byte in any file, or one that is missing: nothing of it is left, and the one before stays."""
    packed_whole = packed(tmp_path / "b.tar", described(CONTENT), CONTENT)
    bundle.lay_out(packed_whole, folder)
    bundle.keep_only([], folder)
    for name in CONTENT:
        altered = packed(tmp_path / "x.tar", described(CONTENT), {**CONTENT, name: CONTENT[name][:-1] + b"!"})
        with pytest.raises(HomeroomError, match="altered"):
            bundle.lay_out(altered, folder)
        rest = {other: data for other, data in CONTENT.items() if other != name}
        with pytest.raises(HomeroomError, match="cut off"):
            bundle.lay_out(packed(tmp_path / "x.tar", described(CONTENT), rest), folder)
    assert left(folder) == []


def test_a_full_disk_leaves_nothing_half(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One without room is told before, and one that fills meanwhile after; nothing is left of it."""
    file = packed(tmp_path / "b.tar", described(CONTENT), CONTENT)

    def full(*_: object) -> tuple[str, int]:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(bundle, "_copy", full)
        with pytest.raises(HomeroomError, match="No space left on device"):
            bundle.lay_out(file, folder)
    assert left(folder) == []
    no_room: Any = lambda _: type("Usage", (), {"free": 10})()  # noqa: E731
    monkeypatch.setattr("shutil.disk_usage", no_room)
    with pytest.raises(HomeroomError, match="which are not free"):
        bundle.lay_out(file, folder)
    assert left(folder) == []


def test_one_for_other_machines_is_refused(tmp_path: Path, folder: Path) -> None:
    """Its images would not run."""
    file = packed(tmp_path / "b.tar", replace(described(CONTENT), machine="riscv64"), CONTENT)
    with pytest.raises(HomeroomError, match="this bundle is for riscv64 machines"):
        bundle.lay_out(file, folder)
    assert left(folder) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("commit", "../../etc"),
        ("commit", COMMIT[:12]),
        ("files", {"../passwd": ["1" * 64, 3]}),
        ("files", {"a/b/c": ["1" * 64, 3]}),
        ("files", {}),
        ("images", {"hub:latest": "1" * 64}),
        ("images", {"hub": "short"}),
        ("version", "0.2.0; rm"),
        ("more", 1),
    ],
)
def test_a_manifest_is_not_believed(key: str, value: object) -> None:
    """Names and paths that no bundle has are refused, before anything is done by them; one of a later kind is told."""
    good = json.loads(described(CONTENT).text())
    assert manifest.parse(json.dumps(good).encode(), "b.tar") == described(CONTENT)
    with pytest.raises(HomeroomError, match="no bundle of Homeroom's"):
        manifest.parse(json.dumps({**good, key: value}).encode(), "b.tar")
    with pytest.raises(HomeroomError, match="a later kind"):
        manifest.parse(json.dumps({**good, "format": 2}).encode(), "b.tar")


def test_only_what_is_wanted_is_taken(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images that are up to date are left alone, and of a bundle those are taken that were built from the same; one
    whose images were cut or altered gives none."""
    place, made = bundle.lay_out(packed(tmp_path / "b.tar", described(CONTENT), CONTENT), folder)
    specs = [BuildSpec(name, f"room-{name}:local", tmp_path, tmp_path / "Dockerfile") for name in ("hub", "lab")]
    wanted = {"hub": "1" * 64, "lab": "3" * 64}
    taken: list[str] = []
    monkeypatch.setattr(bundle, "outdated", lambda *_: {n: d for n, d in wanted.items() if n not in taken})
    monkeypatch.setattr(bundle, "_load", lambda *words: taken.extend(spec.name for spec in words[3]))
    bundle.take(ENGINE, specs, folder)
    assert taken == ["hub"]
    monkeypatch.undo()
    (place / IMAGES).write_bytes(b"half")
    with pytest.raises(HomeroomError, match="cut off or altered"):
        bundle._load(ENGINE, place, made, specs)
