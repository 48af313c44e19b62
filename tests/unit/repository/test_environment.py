"""`generator/venv.sh`, which makes the commands' Python environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.hub_deployment import ROOT

WITHOUT_PIP = """\
#!/bin/sh
[ "$1 $2" != "-m venv" ] || {{ shift 2; set -- -m venv --without-pip "$@"; }}
exec {python} "$@"
"""


def test_a_link_to_anothers_environment_is_replaced_and_that_one_stays(tmp_path: Path) -> None:
    """The next version's tree links to the packages of the one that runs. Where these do not fit any more, it gets
    packages of its own, and nothing is taken from under the one that runs."""
    running, following, pip = tmp_path / "running", tmp_path / "next", tmp_path / "packages/pip"
    for folder in (running, following, pip):
        folder.mkdir(parents=True)
    (pip / "__main__.py").write_text("")  # there is nothing to install, and pip itself is in every fresh machine's test
    python = tmp_path / "python"
    python.write_text(WITHOUT_PIP.format(python=sys.executable))
    python.chmod(0o755)
    (running / ".venv").mkdir()
    (running / ".venv/mine").write_text("in use")
    (following / ".venv").symlink_to(running / ".venv")
    (following / "requirements.txt").write_text("# nothing yet\n")
    words = ["sh", str(ROOT / "generator/venv.sh"), ".venv", "requirements.txt"]
    given = {**os.environ, "PYTHON": str(python), "PYTHONPATH": str(pip.parent)}
    for _ in range(2):
        subprocess.run(words, cwd=following, env=given, check=True, capture_output=True)
    assert (running / ".venv/mine").read_text() == "in use"
    assert not (following / ".venv").is_symlink()
    assert (following / ".venv/bin/python").exists()
