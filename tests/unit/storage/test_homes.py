"""Homes as directories: what removes one for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from homeroom.storage import homes


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


@pytest.mark.parametrize("name", ["", ".", "..", "../outside", ".projects", "ada/notes"])
def test_no_other_name_is_removed(tmp_path: Path, name: str) -> None:
    """Only what can be a home's name."""
    (tmp_path / ".projects").write_text("1000000\n")
    with pytest.raises(homes.CannotHold):
        homes.remove(tmp_path, name)
    assert (tmp_path / ".projects").exists()
