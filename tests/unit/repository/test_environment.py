"""`generator/venv.sh`, which makes the commands' Python environment."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.hub_deployment import ROOT


def test_a_link_to_anothers_environment_is_replaced_and_that_one_stays(tmp_path: Path) -> None:
    """The next version's tree links to the packages of the one that runs. Where these do not fit any more, it gets
    packages of its own, and nothing is taken from under the one that runs."""
    running, following = tmp_path / "running", tmp_path / "next"
    for folder in (running, following):
        folder.mkdir()
    (running / ".venv").mkdir()
    (running / ".venv/mine").write_text("in use")
    (following / ".venv").symlink_to(running / ".venv")
    (following / "requirements.txt").write_text("# nothing yet\n")
    words = ["sh", str(ROOT / "generator/venv.sh"), ".venv", "requirements.txt"]
    for _ in range(2):
        subprocess.run(words, cwd=following, env={**os.environ, "PIP_NO_INDEX": "1"}, check=True, capture_output=True)
    assert (running / ".venv/mine").read_text() == "in use"
    assert not (following / ".venv").is_symlink()
    assert (following / ".venv/bin/python").exists()
