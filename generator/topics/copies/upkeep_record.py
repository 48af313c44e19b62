"""What is known of the care for the copies, kept beside the password."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from generator.core import json_file
from generator.topics.copies.secrets import FOLDER

FILE = "upkeep.json"
REMEMBERED = 14
"""Of so many runs it is known how many files had changed."""


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What the runs before came to, at one place.

    :param touched: files that were changed or gone, by the last runs.
    :param held: why no copy is forgotten now; empty: they are.
    :param only_adds: the place lets nothing be removed.
    :param forgotten: copies that were forgotten since room was made last.
    :param read_at: when each slice of the copies' data was read last, by its number.
    :param damaged: what reading a slice found wrong, by its number.
    :param fault: what kept the last run from caring for the copies.
    """

    address: str = ""
    touched: list[int] = field(default_factory=list)
    held: str = ""
    only_adds: bool = False
    forgotten: int = 0
    pruned_at: str = ""
    read_at: dict[str, str] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    def hours_since_reading(self, now: datetime) -> float | None:
        """How long ago a slice was read last; None: never."""
        moments = [datetime.fromisoformat(each) for each in self.read_at.values()]
        return (now - max(moments)).total_seconds() / 3600 if moments else None

    def as_of(self, now: datetime) -> Upkeep:
        """The same without what is dated in the future: with a clock that was wrong, a slice would not be read and no
        room made until that day."""
        read_at = {number: at for number, at in self.read_at.items() if datetime.fromisoformat(at) <= now}
        ahead = bool(self.pruned_at) and datetime.fromisoformat(self.pruned_at) > now
        return replace(self, read_at=read_at, pruned_at="" if ahead else self.pruned_at)


def read(address: str, folder: Path = FOLDER) -> Upkeep:
    """What is known of the copies at a place; nothing of any other."""
    known = json_file.read(folder / FILE, Upkeep)
    return known if known.address == address else Upkeep(address=address)


def write(known: Upkeep, folder: Path = FOLDER) -> None:
    """Keep it."""
    json_file.write(folder / FILE, known)
