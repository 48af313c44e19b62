"""The repository's password: made once, for its owner alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.copies import secrets


def test_a_password_is_made_once(tmp_path: Path) -> None:
    """The first run makes one that nobody guesses and anybody can type; later ones leave it as it is."""
    folder = tmp_path / "backup"
    assert secrets.ensure(folder)
    first = secrets.password(folder)
    assert re.fullmatch(r"([a-z2-9]{4}-){7}[a-z2-9]{4}", first)
    assert not secrets.ensure(folder)
    assert secrets.password(folder) == first


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    """File and folder are closed to others; a file that others can read is refused."""
    folder = tmp_path / "backup"
    secrets.ensure(folder)
    file = folder / "secrets.env"
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    file.chmod(0o640)
    with pytest.raises(HomeroomError, match="others on this machine can read it"):
        secrets.ensure(folder)


def test_a_file_without_a_password_is_not_filled(tmp_path: Path) -> None:
    """A password that was taken out is asked for: a new one would read no copy that is there."""
    folder = tmp_path / "backup"
    secrets.ensure(folder)
    (folder / "secrets.env").write_text("RESTIC_PASSWORD=\n")
    with pytest.raises(HomeroomError, match="RESTIC_PASSWORD"):
        secrets.ensure(folder)
