"""Writing a bundle: what is in the file, and what is not."""

from __future__ import annotations

import errno
import tarfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.process import Completed
from generator.images import bundle as laid_out
from generator.images.manifest import IMAGES, NAME, TREE, Manifest
from generator.lifecycle import bundle, bundle_rest
from generator.topics.updates import record
from generator.topics.updates.tree import Tree
from tests.fake_runner import always
from tests.git_server import git

VERSION = 'VERSION = "0.2.0"\n'


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A clone that is at a version, with what is the operator's beside it."""
    room = tmp_path / "room"
    for name, text in {"generator/__init__.py": VERSION, ".gitignore": "/.env\n/site/\n"}.items():
        (room / name).parent.mkdir(parents=True, exist_ok=True)
        (room / name).write_text(text)
    git(room, "init", "--quiet")
    git(room, "add", "--all")
    git(room, "commit", "--quiet", "--message", "one")
    (room / "site").mkdir()
    (room / "site/secret").write_text("secret")
    (room / ".env").write_text("CONFIGPROXY_AUTH_TOKEN=secret\n")
    return Tree(room)


def prepared(tree: Tree, place: Path) -> Manifest:
    """What is to be packed."""
    place.mkdir(parents=True)
    for name in (TREE, IMAGES):
        (place / name).write_bytes(name.encode() * 100)
    (place / "wheels").mkdir()
    (place / "wheels/a-1-py3-none-any.whl").write_bytes(b"wheel")
    return Manifest(version="0.2.0", commit=tree.commit(), machine="any", images={"hub": "1" * 64})


def test_it_holds_the_version_and_nothing_else(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tree as it is published, then what belongs to the bundle, which can be laid out again; nothing of `.env`,
    `site/`, or of who made it."""
    file = tmp_path / "b.tar"
    made = prepared(tree, tmp_path / "scratch/bundle")
    sha256, size = bundle.pack(tree, made, tmp_path / "scratch/bundle", file)
    assert (sha256, size) == laid_out.digest(file)
    head = f"homeroom-0.2.0/bundle/{made.commit[:12]}"
    with tarfile.open(file) as archive:
        names = [entry.name for entry in archive if entry.isfile()]
        assert {(entry.uname, entry.uid) for entry in archive} == {("root", 0)}
    assert sorted(names[:2]) == ["homeroom-0.2.0/.gitignore", "homeroom-0.2.0/generator/__init__.py"]
    assert names[2] == f"{head}/{NAME}"
    assert sorted(names[3:]) == sorted(f"{head}/{name}" for name in (TREE, IMAGES, "wheels/a-1-py3-none-any.whl"))
    assert b"secret" not in file.read_bytes()
    monkeypatch.setattr("platform.machine", lambda: "any")
    place, found = laid_out.lay_out(file, tmp_path / "there")
    assert found.images == made.images
    assert (place / IMAGES).read_bytes() == IMAGES.encode() * 100


def test_a_disk_that_fills_leaves_what_was_there(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle of before is as it was, and beside it nothing is."""
    target = tmp_path / "out"
    target.mkdir()
    monkeypatch.setattr(bundle, "ROOT", tree.root)
    monkeypatch.setattr("platform.machine", lambda: "any")
    file = bundle.target_of(str(target), Manifest(version="0.2.0", commit=tree.commit(), machine="any"))
    file.write_text("before")

    class Carried:
        def __enter__(self) -> dict[str, str]:
            return {"hub": "1" * 64}

        def __exit__(self, *_: object) -> None:
            pass

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(record, "FOLDER", tmp_path / ".update")
    monkeypatch.setattr(bundle, "carried", lambda *_: Carried())
    monkeypatch.setattr(bundle, "take_wheels", lambda _: 1)
    monkeypatch.setattr(bundle, "save", full)
    here: Any = type("Here", (), {"engine": None})()
    with pytest.raises(HomeroomError, match="No space left on device"):
        bundle.write(here, str(target))
    assert [path.name for path in target.iterdir()] == [file.name]
    assert file.read_text() == "before"


class Images:
    """An engine's images, by their names."""

    def __init__(self, *tags: str) -> None:
        self.tags = list(tags)
        self.images = self

    def list(self) -> list[Any]:
        """All of them."""
        return [SimpleNamespace(tags=[tag]) for tag in self.tags]

    def remove(self, tag: str) -> None:
        """Take a name away."""
        self.tags.remove(tag)


def test_what_a_killed_run_has_left_goes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its folder, wherever that was, and its images' further names; nothing of another's run, nor of other images. A
    run that ended, well or not, has left nothing."""
    monkeypatch.setattr(record, "FOLDER", tmp_path / ".update")
    commit, others = "ab" * 20, "cd" * 20
    killed = bundle_rest.noted(tmp_path, commit)
    scratch = killed.__enter__()
    (scratch / "bundle").mkdir(parents=True)
    (scratch / "bundle/images.tar.gz").write_bytes(b"half")
    beside = tmp_path / ".homeroom-bundle-anothers"
    beside.mkdir()
    kept = [f"homeroom-bundle-{others[:12]}-hub:local", "homeroom-hub:local"]
    client = Images(f"homeroom-bundle-{commit[:12]}-hub:local", f"homeroom-bundle-{commit[:12]}-lab:local", *kept)
    here: Any = SimpleNamespace(client=client)
    bundle_rest.remove(here)
    assert client.tags == kept
    assert not scratch.exists()
    assert beside.is_dir()
    assert "cut off" in capsys.readouterr().out
    with pytest.raises(KeyError), bundle_rest.noted(tmp_path, commit):
        raise KeyError
    bundle_rest.remove(here)
    assert capsys.readouterr().out == ""


def test_a_bundle_is_of_a_version(tree: Tree) -> None:
    """Files that the operator changed are in no version, and are told; so is a place that is not there."""
    assert bundle.require_version(tree) == tree.commit()
    (tree.root / "generator/__init__.py").write_text(f"{VERSION}# mine\n")
    with pytest.raises(HomeroomError, match=r"1 file outside site/ and \.env changed here: generator/__init__\.py"):
        bundle.require_version(tree)
    with pytest.raises(HomeroomError, match="there is no such directory"):
        bundle.target_of(str(tree.root / "no/x.tar"), Manifest(version="0.2.0", commit=tree.commit(), machine="any"))


def test_packages_are_taken_for_each_python(tmp_path: Path) -> None:
    """For the Pythons of all systems that it may be taken to, by their hashes; an index that is silent is told."""
    asked: list[str] = []

    def download(command: Sequence[str], **_: object) -> Completed:
        asked.extend(word for word in command if word.startswith("--python-version="))
        assert "--require-hashes" in command
        (tmp_path / f"{len(asked)}.whl").touch()
        return Completed(tuple(command), 0, "", "")

    assert bundle.take_wheels(tmp_path, runner=download) == 3
    assert [word.partition("=")[2] for word in asked] == ["3.11", "3.12", "3.13"]
    with pytest.raises(HomeroomError, match=r"Python packages for Python 3\.11 cannot be had"):
        bundle.take_wheels(tmp_path, runner=always(1, err="no network"))
