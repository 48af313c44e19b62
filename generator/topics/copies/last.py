"""What the last runs came to, kept beside the password: for `make status`."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from generator.core import json_file
from generator.core.atomic import write_atomically
from generator.core.paths import RENDERED
from generator.topics.copies.secrets import FOLDER

FILE = "last.json"
TOLD = "last-copy.json"


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last copy that was made, and the last run that made none.

    :param made_at: when the last copy was begun, in ISO 8601; empty: there is none.
    :param audit_number: of the last line of the log of what was done to people, and its digest.
    :param people: whose homes are in it.
    :param gone: whose homes were in the copies before and are in this one no more, though nobody removed these people.
    :param failed_at: when a run failed after that; empty: none did.
    """

    address: str = ""
    made_at: str = ""
    snapshot: str = ""
    files: int = 0
    size_bytes: int = 0
    added_bytes: int = 0
    homes: int = 0
    seconds: float = 0.0
    longest_pause_seconds: float = 0.0
    audit_number: int = 0
    audit_digest: str = ""
    people: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    failed_at: str = ""
    why: str = ""

    def age(self, now: datetime, address: str) -> timedelta | None:
        """How old the last copy at an address is; None where there is none."""
        return now - datetime.fromisoformat(self.made_at) if self.made_at and self.address == address else None


def read(folder: Path = FOLDER) -> Last:
    """What is known; an empty one where nothing is, or the file is not ours any more."""
    return json_file.read(folder / FILE, Last)


def write(last: Last, folder: Path = FOLDER) -> None:
    """Keep it."""
    json_file.write(folder / FILE, last)


def tell_hub(last: Last, rendered: Path = RENDERED) -> None:
    """Leave for the hub when the last copy was made, and nothing else: its figures for Prometheus have the age."""
    if rendered.is_dir():
        write_atomically(rendered / TOLD, json.dumps({"made_at": last.made_at}) + "\n")
