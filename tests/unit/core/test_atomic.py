"""generator/core/atomic.py: files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("wanted", [0o600, 0o644])
def test_a_file_has_its_mode_whatever_the_umask(tmp_path: Path, wanted: int) -> None:
    """A secret is never readable by others for a moment, and what containers read is always readable."""
    before = os.umask(0o077)
    try:
        assert write_atomically(tmp_path / "new/file", "text", mode=wanted)
    finally:
        os.umask(before)
    assert (tmp_path / "new/file").read_text() == "text"
    assert mode(tmp_path / "new/file") == wanted


def test_an_unchanged_file_is_left_alone(tmp_path: Path) -> None:
    """Writing the same again is no change: the time of change stays, so nothing restarts."""
    path = tmp_path / "file"
    write_atomically(path, "text")
    os.utime(path, (1, 1))
    assert not write_atomically(path, "text")
    assert path.stat().st_mtime == 1


def test_a_wrong_mode_is_mended(tmp_path: Path) -> None:
    """The same text with other permissions is a change."""
    path = tmp_path / "file"
    write_atomically(path, "text", mode=0o644)
    assert write_atomically(path, "text", mode=0o600)
    assert mode(path) == 0o600


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    """A full disk at any moment leaves the file as it was, no scraps beside it, and names the remedy."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    write_atomically(path, "old")
    monkeypatch.setattr(os, fails, full)
    with pytest.raises(HomeroomError, match="No space left on device") as caught:
        write_atomically(path, "new")
    assert "Free space" in caught.value.remedy
    assert caught.value.location == str(path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "old")]


def test_without_replace_an_existing_file_wins(tmp_path: Path) -> None:
    """What the operator owns is never overwritten, and nothing is left beside it."""
    path = tmp_path / "file"
    assert write_atomically(path, "mine", replace=False)
    assert not write_atomically(path, "yours", replace=False)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
    assert path.read_text() == "mine"


def test_without_replace_a_file_that_appears_meanwhile_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs at once do not overwrite each other's `.env`."""
    path = tmp_path / "file"
    monkeypatch.setattr(os, "fsync", lambda _: path.write_text("theirs"))
    assert not write_atomically(path, "ours", replace=False)
    assert path.read_text() == "theirs"


@pytest.mark.parametrize("replace", [True, False])
def test_a_file_in_place_of_a_directory_is_an_error(tmp_path: Path, *, replace: bool) -> None:
    """Where a directory should be and a file is, the operator is told; it is never taken for `nothing to do`."""
    (tmp_path / "rendered").write_text("")
    with pytest.raises(HomeroomError, match="cannot be written"):
        write_atomically(tmp_path / "rendered/file", "text", replace=replace)


def test_a_directory_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    """Where a file should be and a directory is, the operator is told."""
    (tmp_path / "file").mkdir()
    with pytest.raises(HomeroomError, match="cannot be written"):
        write_atomically(tmp_path / "file", "text")
