"""Earlier releases, and a deployment of one of them that becomes one of this tree."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.hub_deployment import ROOT, HubDeployment

FILE = ROOT / "tests/releases.txt"
REQUIREMENTS = "generator/requirements.txt"
LEFT = (".env", "site", "rendered", ".venv")
"""What `git pull` leaves where a release was brought up: the operator's, and what git does not know."""


@dataclass(frozen=True)
class Release:
    """A version and the commit that it was."""

    version: str
    commit: str

    def is_here(self) -> bool:
        """Whether this clone holds it; a shallow one may not."""
        asked = ["git", "cat-file", "-e", f"{self.commit}^{{commit}}"]
        return subprocess.run(asked, cwd=ROOT, capture_output=True, check=False).returncode == 0

    def lay_out(self, folder: Path) -> None:
        """Have its files in a folder."""
        archive = subprocess.run(["git", "archive", self.commit], cwd=ROOT, capture_output=True, check=True).stdout
        subprocess.run(["tar", "--extract"], cwd=folder, input=archive, check=True)


def releases() -> list[Release]:
    """Those whose upgrade is tried, the oldest first."""
    lines = (line.partition("#")[0].split() for line in FILE.read_text(encoding="utf-8").splitlines())
    return [Release(*words) for words in lines if words]


@dataclass
class ReleasedDeployment(HubDeployment):
    """A deployment that an earlier release has brought up, in a directory without git."""

    release: Release = field(kw_only=True)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True)
        self.release.lay_out(self.directory)
        self._share_packages()

    def become_this_tree(self) -> None:
        """Have this tree's files in the place of the release's, as `git pull` would; what is the operator's stays, and
        so do the Python packages that the release has installed, which are then another list's."""
        for path in self.directory.iterdir():
            if path.name in LEFT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._lay_out()

    def _share_packages(self) -> None:
        """Take the packages of this tree where the release asks for the same ones."""
        if (self.directory / REQUIREMENTS).read_bytes() == (ROOT / REQUIREMENTS).read_bytes():
            (self.directory / ".venv").symlink_to(ROOT / ".venv")
