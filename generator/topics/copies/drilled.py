"""What the last drill came to, kept beside the password: for `make status`, the watchdog and the recovery sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from generator.core import json_file
from generator.core.console import counted
from generator.topics.copies.secrets import FOLDER

FILE = "drill.json"


@dataclass(frozen=True, kw_only=True)
class Drilled:
    """The last drill that was well, and one after it that was not.

    :param address: where the copies are that it brought back.
    :param well_at: when the last one that was well was begun, in ISO 8601; empty: there was none.
    :param seconds: how long it took, from the sheet to a cell that was run.
    :param copy_made_at: of which copy.
    :param same: how many files and folders were compared.
    :param failed_at: when one failed after that; empty: none did.
    """

    address: str = ""
    well_at: str = ""
    seconds: float = 0.0
    copy_made_at: str = ""
    homes: int = 0
    same: int = 0
    failed_at: str = ""
    why: str = ""

    def age(self, now: datetime, address: str) -> timedelta | None:
        """How long ago the last one of copies at an address was well; None where there was none."""
        return now - datetime.fromisoformat(self.well_at) if self.well_at and self.address == address else None

    @property
    def words(self) -> str:
        """When it was, how long it took, and what came back."""
        if not self.well_at:
            return "none yet"
        return (
            f"{self.well_at[:10]}: {counted(self.homes, 'home')} and all else ({self.same} files and folders) came "
            f"back in {minutes(self.seconds)}"
        )


def minutes(seconds: float) -> str:
    """A time in words: `40 s`, `12 min`."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def read(folder: Path = FOLDER) -> Drilled:
    """What is known; an empty one where nothing is, or the file is not ours any more."""
    return json_file.read(folder / FILE, Drilled)


def write(drilled: Drilled, folder: Path = FOLDER) -> None:
    """Keep it."""
    json_file.write(folder / FILE, drilled)
