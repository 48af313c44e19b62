"""A deployment of this machine, as an update handles it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from generator.core.atomic import write_atomically
from generator.core.console import note, step
from generator.core.errors import HomeroomError
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine.deployment import Deployment
from generator.engine.find import engine_environment
from generator.images import bundle
from generator.schema.settings import Settings
from generator.topics.updates import database, images, record, rehearsal
from generator.topics.updates.images import next_name
from generator.topics.updates.tree import Tree, share_packages

LOOK_SECONDS = 0.2
END_SECONDS = 60


@dataclass(frozen=True)
class Deployed:
    """See `machine.Machine`.

    :param lock: holds the deployment while commands run on our behalf, also when we are killed.
    """

    deployment: Deployment
    lock: int = -1
    root: Path = ROOT

    @property
    def folder(self) -> Path:
        """Where the update keeps its files."""
        return record.FOLDER

    @property
    def next_root(self) -> Path:
        """Where the next version is laid out."""
        return self.folder / "tree"

    @property
    def tree(self) -> Tree:
        """The directory that it runs from."""
        return Tree(self.root)

    def commit(self) -> str:
        """The commit that the tree is at."""
        return self.tree.commit()

    def lay_out(self, commit: str) -> None:
        """Have the tree of a commit beside the one that runs, with settings and `site/` of this deployment under a
        name of its own; packages are the same where their list is."""
        with step(f"Laying {commit[:12]} out beside what runs"):
            self.tidy()
            self.tree.lay_out(commit, self.next_root)
            (self.next_root / "site").symlink_to(SITE)
            write_atomically(self.next_root / ".env", self._env_of_next(), mode=0o600)
            if (self.root / bundle.FOLDER.name).is_dir():
                (self.next_root / bundle.FOLDER.name).symlink_to(self.root / bundle.FOLDER.name)
            share_packages(self.root, self.next_root)

    def _env_of_next(self) -> str:
        text = ENV_FILE.read_text(encoding="utf-8")
        others = re.sub(r"^COMPOSE_PROJECT_NAME=.*\n?", "", text, flags=re.MULTILINE)
        return f"{others.rstrip()}\nCOMPOSE_PROJECT_NAME={next_name(self.deployment.project)}\n"

    def rehearse(self) -> tuple[str, ...]:
        """Have the new version build its images and start on a copy of the database: all by its own commands."""
        copied = self.folder / "rehearsal.sqlite"
        try:
            with step("Copying the hub's database for the rehearsal"):
                database.copy(self.deployment, copied)
            words = (f"--of={self.deployment.project}", f"--database={copied}", *self._rehearsal_options())
            done = self._generator(self.next_root, "rehearse", *words).wait()
        finally:
            copied.unlink(missing_ok=True)
        if done:
            raise HomeroomError(
                "it could not be built, or did not start on a copy of the database, as told above",
                remedy="What runs is untouched. Try again once that is right, or wait for the next version.",
            )
        return images.built(self.deployment.client, self.deployment.project)

    def _rehearsal_options(self) -> tuple[str, ...]:
        """What else the next version's rehearsal is told."""
        return ()

    def stop_hub(self) -> None:
        """Stop the hub alone; labs go on."""
        self.deployment.compose("stop", "hub")

    def copy_database(self, to: Path) -> None:
        """Copy the hub's database, and see that the copy is whole."""
        database.copy(self.deployment, to)

    def put_database(self, copy: Path) -> None:
        """Put a copy in the place of the hub's database."""
        database.put(self.deployment, copy)

    def keep_images(self, names: Sequence[str], commit: str) -> None:
        """Give the images that run a further name, by which they are kept."""
        images.keep(self.deployment.client, self.deployment.project, names, commit)

    def take_images(self, names: Sequence[str]) -> None:
        """Have the new images under the names by which services and labs are started."""
        images.take(self.deployment.client, self.deployment.project, names)

    def put_images_back(self, names: Sequence[str], commit: str) -> None:
        """Have the kept images under these names again."""
        images.put_back(self.deployment.client, self.deployment.project, names, commit)

    def check_out(self, commit: str, branch: str = "") -> None:
        """Have the tree at a commit, with the Python packages that were made for it where they are others."""
        left = self.commit()
        self.tree.check_out(commit, branch)
        here, there = self.root / ".venv", self._packages(commit)
        if left != commit and there.is_dir() and not there.is_symlink():
            if here.is_dir() and not here.is_symlink():
                here.rename(self._kept_packages(left))
            there.rename(here)

    def _packages(self, commit: str) -> Path:
        kept = self._kept_packages(commit)
        return kept if kept.exists() else self.next_root / ".venv"

    def _kept_packages(self, commit: str) -> Path:
        return self.folder / f"venv-{commit[:12]}"

    def prove(self, seconds: float) -> str:
        """Bring up what the tree is at; the time counts until the hub was seen to be usable."""
        running = self._generator(self.root, "up", "--within-update=1")
        deadline = time.monotonic() + seconds
        while running.poll() is None:
            update = record.read(self.folder)
            if update is None or update.step == "proved":  # kernels are built after that, which may take long
                running.wait()
                break
            if time.monotonic() > deadline:
                running.terminate()
                try:
                    running.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    running.kill()
                    running.wait()
                return f"it was not up within {seconds:.0f} seconds"
            time.sleep(LOOK_SECONDS)
        update = record.read(self.folder)
        if update is None or update.step == "proved":
            return ""
        return f"`make up` ended with {running.returncode}, as told above" if running.returncode else ""

    def begin_anew(self) -> NoReturn:
        """Run `make up` again, by the tree as it is now."""
        note("The version before goes on from here.")
        os.chdir(self.root)
        os.execvp("make", ["make", "up"])  # noqa: S606

    def tidy(self) -> None:
        """Remove what was made for the preparation."""
        rehearsal.remove(self.deployment.client, next_name(self.deployment.project))
        images.remove_next(self.deployment.client, self.deployment.project)
        shutil.rmtree(self.next_root, ignore_errors=True)

    def forget(self, commit: str) -> None:
        """Remove what is kept of a commit."""
        images.remove_kept(self.deployment.client, self.deployment.project, commit)
        shutil.rmtree(self._kept_packages(commit), ignore_errors=True)
        (self.folder / record.copy_of(commit)).unlink(missing_ok=True)

    def _generator(self, root: Path, verb: str, *arguments: str) -> subprocess.Popen[bytes]:
        """One of Homeroom's commands, of the version in a directory; it tells what it does itself."""
        environment = engine_environment(self.deployment.engine, drop=set(Settings.model_fields))
        script = 'sh generator/venv.sh .venv generator/requirements.txt && exec .venv/bin/python -m generator "$@"'
        return subprocess.Popen(
            ["sh", "-c", script, "generator", verb, *arguments],
            cwd=root,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            pass_fds=[self.lock] if self.lock >= 0 else [],
        )
