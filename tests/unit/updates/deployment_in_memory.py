"""A deployment that an update handles, as plain data; it dies at the step that it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from generator.core.errors import HomeroomError
from generator.topics.updates import record, steps

NAMES = ("hub", "lab", "proxy")
OLD, NEW = "a" * 40, "b" * 40


class Killed(BaseException):
    """The command was killed here."""


class Anew(BaseException):
    """`make up` runs again, by the tree as it is now."""


@dataclass
class InMemory:
    """See `generator.topics.updates.machine.Machine`. What a version writes into the database is its commit.

    :param dies_at: before the effect of this number it is killed; effects of two parts also between them.
    :param sick: the commits whose hub does not come up.
    :param refuses: the verb that fails in words.
    """

    folder: Path
    tree: str = OLD
    branch: str = "main"
    images: dict[str, str] = field(default_factory=lambda: dict.fromkeys(NAMES, OLD))
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    next_images: dict[str, str] = field(default_factory=dict)
    database: str = OLD
    services: str = OLD
    hub_runs: bool = True
    dies_at: int = -1
    sick: tuple[str, ...] = ()
    refuses: str = ""
    effects: int = 0
    done: list[str] = field(default_factory=list)

    def _effect(self, name: str) -> None:
        if self.effects == self.dies_at:
            self.dies_at = -1
            raise Killed
        self.effects += 1
        self.done.append(name)
        if name == self.refuses:
            raise HomeroomError(f"{name} failed", remedy="Nothing.")

    def commit(self) -> str:
        """The commit that the tree is at."""
        return self.tree

    def lay_out(self, commit: str) -> None:
        """Nothing of what runs changes."""
        self._effect("lay_out")

    def rehearse(self) -> tuple[str, ...]:
        """Build."""
        for name in NAMES:
            self._effect("rehearse")
            self.next_images[name] = NEW
        return NAMES

    def stop_hub(self) -> None:
        """Stop the hub alone."""
        self._effect("stop_hub")
        self.hub_runs = False

    def copy_database(self, to: Path) -> None:
        """Copy it: whole, or not at all."""
        self._effect("copy_database")
        to.write_text(self.database)

    def put_database(self, copy: Path) -> None:
        """Put a copy in its place."""
        self._effect("put_database")
        assert not self.hub_runs, "the database is changed under a hub that runs"
        self.database = copy.read_text()

    def keep_images(self, names: Sequence[str], commit: str) -> None:
        """Keep what runs."""
        for name in names:
            self._effect("keep_images")
            self.kept[name, commit] = self.images[name]

    def take_images(self, names: Sequence[str]) -> None:
        """Take the new ones."""
        for name in names:
            self._effect("take_images")
            self.images[name] = self.next_images[name]

    def put_images_back(self, names: Sequence[str], commit: str) -> None:
        """Put the kept ones back."""
        for name in names:
            self._effect("put_images_back")
            self.images[name] = self.kept[name, commit]

    def check_out(self, commit: str, branch: str = "") -> None:
        """Have the tree there."""
        self._effect("check_out")
        self.tree, self.branch = commit, branch

    def prove(self, seconds: float) -> str:
        """Run `make up` of the tree, as a command of its own."""
        try:
            self.up(within_update=True)
        except HomeroomError as error:
            return error.cause
        return ""

    def up(self, *, within_update: bool = False) -> None:
        """`make up` of the version that the tree is at."""
        steps.before_up(self, within_update=within_update)
        self._effect("up")
        assert set(self.images.values()) == {self.tree}, "the images are of another version than the tree"
        self.services = self.tree
        self.hub_runs = True
        self.database = self.tree  # a new version brings the tables up to date
        self._effect("smoke test")
        if self.tree in self.sick:
            raise HomeroomError("the hub cannot be used", remedy="Nothing.")
        steps.after_up(self, within_update=within_update)

    def begin_anew(self) -> NoReturn:
        """As if `make up` was typed again."""
        self._effect("begin_anew")
        raise Anew

    def tidy(self) -> None:
        """Remove the preparation."""
        self._effect("tidy")
        self.next_images.clear()

    def forget(self, commit: str) -> None:
        """Remove what is kept of a commit."""
        self._effect("forget")
        self.kept = {key: value for key, value in self.kept.items() if key[1] != commit}
        (self.folder / f"before-{commit[:12]}.sqlite").unlink(missing_ok=True)

    def typed_up(self) -> None:
        """`make up`, typed by an operator."""
        try:
            self.up()
        except Anew:
            self.typed_up()

    def is_all(self, version: str) -> bool:
        """Whether all of it is of one version and runs."""
        parts = {self.tree, self.database, self.services, *self.images.values()}
        return parts == {version} and self.hub_runs

    def left(self) -> list[str]:
        """What an update that is over has left behind, besides the way back."""
        kept = record.read(self.folder, record.KEPT)
        wanted = {(name, kept.old) for name in NAMES} if kept else set()
        found = [f"{name} of {commit[:3]}" for name, commit in self.kept if (name, commit) not in wanted]
        copies = {f"before-{kept.old[:12]}.sqlite"} if kept else set()
        found += [path.name for path in self.folder.glob("*.sqlite*") if path.name not in copies]
        return [*found, *self.next_images, *(["now"] if record.read(self.folder) else [])]
