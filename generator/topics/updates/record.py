"""How far an update is: a file, so that a command that was killed is completed or undone by the next one."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from generator.core import json_file
from generator.core.paths import ROOT

FOLDER = ROOT / ".update"
NOW, KEPT = "now.json", "kept.json"
REFRESH = "refresh"
"""What stands in the place of both commits where the version stays and its images are built anew."""
KEPT_DAYS = 14
Step = Literal["preparing", "stopping", "switching", "proved", "returning", "returned"]
"""preparing: nothing of what runs is touched. stopping: the hub is stopped, to copy its database. switching: images and
tree become the new ones. proved: the new version runs, and is tidied up after. returning: all becomes the old one.
returned: the old version runs, and is tidied up after."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """An update from one commit to another.

    :param branch: the branch that the old commit was checked out by; empty: by itself.
    :param images: the names of the images that the new version has.
    :param database: whether the database of before goes back with the old version.
    :param why: why the old version comes back.
    :param done_at: when the new version was proved, in ISO 8601.
    """

    step: Step
    old: str
    new: str
    old_version: str = ""
    new_version: str = ""
    branch: str = ""
    images: tuple[str, ...] = ()
    database: bool = True
    why: str = ""
    done_at: str = ""

    @property
    def is_refresh(self) -> bool:
        """Whether the version stays."""
        return self.new == REFRESH

    @property
    def noun(self) -> str:
        """What it is called."""
        return "refresh" if self.is_refresh else "update"

    @property
    def one(self) -> str:
        """What one of its kind is called."""
        return "a refresh" if self.is_refresh else "an update"

    @property
    def before(self) -> str:
        """What ran before it."""
        return "the images of before" if self.is_refresh else self.old[:12]

    @property
    def after(self) -> str:
        """What runs after it."""
        return "the new images" if self.is_refresh else self.new[:12]

    @property
    def copy(self) -> str:
        """The name of the file with the database of before."""
        return copy_of(self.old)

    @property
    def until(self) -> datetime:
        """Until when the old version is kept."""
        return datetime.fromisoformat(self.done_at) + timedelta(days=KEPT_DAYS)

    def at(self, step: Step, *, why: str = "") -> Update:
        """The same one step on."""
        return replace(self, step=step, why=why or self.why)

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether there is no way back any more."""
        return (now or datetime.now(UTC)) > self.until


def copy_of(commit: str) -> str:
    """The name of the file with the database that a commit had."""
    return f"before-{commit[:12]}.sqlite"


def write(update: Update, folder: Path, name: str = NOW) -> None:
    """Keep it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    json_file.write(folder / name, update)


def read(folder: Path, name: str = NOW) -> Update | None:
    """The update that is under way, or with KEPT the last one that was made; None where there is none."""
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
        known: dict[str, Any] = {one.name: found[one.name] for one in fields(Update) if one.name in found}
        return Update(**{**known, "images": tuple(known["images"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def is_under_way(folder: Path) -> bool:
    """Whether an update goes on, or was cut off: which version is to run is not settled."""
    return (folder / NOW).exists()


def is_due(folder: Path) -> bool:
    """Whether an update is to be ended, or what was kept for one is over."""
    return is_under_way(folder) or is_over(folder)


def is_over(folder: Path) -> bool:
    """Whether what was kept for the way back is to be removed."""
    kept = read(folder, KEPT)
    return kept is not None and kept.is_over()


def forget(folder: Path, name: str = NOW) -> None:
    """It is over."""
    (folder / name).unlink(missing_ok=True)
