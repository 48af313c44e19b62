"""An update from a bundle, without the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.images import bundle
from generator.images.manifest import IMAGES, NAME, TREE, Manifest
from generator.topics.updates import record, update
from generator.topics.updates.tree import Tree
from tests.git_server import git


def test_what_a_bundle_lays_out_is_a_clone(tmp_path: Path) -> None:
    """A directory that was unpacked becomes a clone at its version, with nothing changed in it, so that a later version
    can be had; a directory that is one already stays as it is."""
    origin, room = tmp_path / "origin", tmp_path / "room"
    for folder in (origin, room):
        folder.mkdir()
        (folder / "file").write_text("words\n")
    git(origin, "init", "--quiet")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message", "one")
    commit = git(origin, "rev-parse", "HEAD")
    place = room / "bundle" / commit[:12]
    place.mkdir(parents=True)
    git(origin, "bundle", "create", "--quiet", str(place / TREE), "HEAD")
    files = dict.fromkeys((TREE, IMAGES), ("1" * 64, 1))
    (place / NAME).write_text(Manifest(version="0.1.0", commit=commit, machine="any", files=files).text())
    (room / ".gitignore").write_text("bundle\n.gitignore\n")
    tree = Tree(room)
    for _ in range(2):
        update.adopt(tree)
        tree.require_clone()
        assert tree.commit() == commit
        assert git(room, "status", "--porcelain") == ""
    assert list(tree.changes(commit)) == []
    assert git(room, "remote") == ""


def test_bundles_that_nobody_needs_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the update is not made: those of the version that runs, and of the way back, stay."""
    monkeypatch.setattr(record, "FOLDER", tmp_path / ".update")
    monkeypatch.setattr(Tree, "commit", lambda _: "a" * 40)
    folder, file = tmp_path / "bundle", tmp_path / "b.tar"
    file.touch()
    made = Manifest(version="0.2.0", commit="b" * 40, machine="any")

    def lay_out(_: Path, folder: Path) -> tuple[Path, Manifest]:
        for commit in ("a", "b", "c"):
            (folder / (commit * 12)).mkdir(parents=True)
        return folder / ("b" * 12), made

    monkeypatch.setattr(bundle, "lay_out", lay_out)
    seen: list[str] = []

    def fails() -> None:
        with update.bundled(str(file), folder) as tree:
            seen.append(tree)
            raise HomeroomError("it is not well", remedy="Nothing.")

    with pytest.raises(HomeroomError, match="not well"):
        fails()
    assert seen == [str(folder / ("b" * 12) / TREE)]
    assert [path.name for path in folder.iterdir()] == ["a" * 12]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Before anything is done."""
    with pytest.raises(HomeroomError, match="there is no such file"), update.bundled(str(tmp_path / "no.tar")):
        pass
    with update.bundled("") as tree:
        assert tree == ""
