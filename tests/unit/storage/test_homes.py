"""Homes as directories: what removes one for good."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker.errors
import pytest
from homeroom.storage import homes

from generator.core.errors import HomeroomError
from generator.topics.storage import homes as host
from tests.sample_settings import settings


def test_a_home_is_removed_whole(tmp_path: Path) -> None:
    """All that is in it, and nothing that a link in it leads to; what an interrupted run left goes too, and a home that
    is gone is no fault."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("kept")
    root = tmp_path / "homes"
    (root / "ada/notes").mkdir(parents=True)
    (root / "ada/notes/essay.txt").write_text("mine")
    (root / "ada/out").symlink_to(outside)
    (root / "ada-2").mkdir()
    (root / ".ada.removed/half").mkdir(parents=True)
    for _ in range(2):
        homes.remove(root, "ada")
        assert sorted(path.name for path in root.iterdir()) == ["ada-2"]
    assert (outside / "kept.txt").read_text() == "kept"


def test_no_tree_is_too_deep(tmp_path: Path) -> None:
    """A lab can nest more folders than a process may open, or than a path can name."""
    (tmp_path / "ada").mkdir()
    above = os.open(tmp_path / "ada", os.O_RDONLY)
    for _ in range(3000):
        os.mkdir("d", dir_fd=above)
        below = os.open("d", os.O_RDONLY, dir_fd=above)
        os.close(above)
        above = below
    os.close(above)
    homes.remove(tmp_path, "ada")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_removed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the reason on standard error, from where the host's side takes it."""
    (tmp_path / "ada").write_text("no directory")
    assert homes.main(["remove", "ada"], tmp_path) == 1
    said = capsys.readouterr().err

    class Containers:
        def run(self, *_: Any, **__: Any) -> bytes:
            container, reason = cast(Any, None), cast(Any, said.encode())
            raise docker.errors.ContainerError(container, 1, "", "", reason)

    with pytest.raises(HomeroomError, match=r"^\.env: HOMES: ada is no directory, and was left alone"):
        host.run_verb(SimpleNamespace(containers=Containers()), settings(HOMES="/srv/homes"), "remove", "ada")
    (tmp_path / "bela").mkdir()
    monkeypatch.setenv("PATH", "")
    assert homes.main(["remove", "bela"], tmp_path) == 1
    assert "rm" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", ".", "..", "../outside", ".projects", "ada/notes"])
def test_no_other_name_is_removed(tmp_path: Path, name: str) -> None:
    """Only what can be a home's name."""
    (tmp_path / ".projects").write_text("1000000\n")
    with pytest.raises(homes.CannotHold):
        homes.remove(tmp_path, name)
    assert (tmp_path / ".projects").exists()
