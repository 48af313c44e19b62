"""A deployment whose images are built anew of the version that it is at: the steps of an update, within one tree.

Its images change, and nothing else: the tree stays, also with changes of the operator's, and the database is left
alone, so nothing that is written meanwhile is lost on the way back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.core.atomic import write_atomically
from generator.core.console import step
from generator.core.errors import HomeroomError
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.images import packages
from generator.topics.updates import record
from generator.topics.updates.deployed import Deployed
from generator.topics.updates.record import REFRESH, Update

RUNS_BY = ("generator", "docker-compose.yml")
"""What the rehearsal runs by, besides the folders of the images."""


@dataclass(frozen=True)
class Refreshed(Deployed):
    """See `machine.Machine`."""

    def commit(self) -> str:
        """What both sides are called: the tree stays."""
        return REFRESH

    def check_out(self, commit: str, branch: str = "") -> None:
        """The tree stays."""

    def lay_out(self, commit: str) -> None:
        """Have a copy of what images are built from and the rehearsal runs by, with settings and `site/` of this
        deployment under a name of its own.

        :raises HomeroomError: its disk is full.
        """
        with step("Laying a copy out beside what runs"):
            self.tidy()
            try:
                self._copy()
            except (OSError, shutil.Error) as error:
                raise HomeroomError(
                    f"a copy of this directory cannot be laid out: {error}",
                    location=str(self.next_root),
                    remedy="See whether the disk is full.",
                ) from None

    def _copy(self) -> None:
        self.next_root.mkdir(mode=0o700, parents=True)
        for path in copied(self.root):
            if path.is_dir():
                ignore = shutil.ignore_patterns("__pycache__")
                shutil.copytree(path, self.next_root / path.name, symlinks=True, ignore=ignore)
            else:
                shutil.copy2(path, self.next_root)
        (self.next_root / "site").symlink_to(SITE)
        write_atomically(self.next_root / ".env", self._env_of_next(), mode=0o600)
        (self.next_root / ".venv").symlink_to(self.root / ".venv")

    def _rehearsal_options(self) -> tuple[str, ...]:
        return (f"--packages={packages.now()}",)


def copied(root: Path) -> Iterator[Path]:
    """What a rehearsal needs of a tree: what it runs by, and each folder that an image is built from."""
    yield from (root / name for name in RUNS_BY)
    yield from sorted(path.parent for path in root.glob("*/Dockerfile"))


def begun() -> Update:
    """A refresh that begins."""
    return Update(step="preparing", old=REFRESH, new=REFRESH, database=False)


def machine_of(deployment: Deployment, lock: int = -1) -> Deployed:
    """A deployment as what is under way needs it: a refresh that was cut off, or an update."""
    found = record.read(record.FOLDER)
    kind = Refreshed if found is not None and found.is_refresh else Deployed
    return kind(deployment, lock)
