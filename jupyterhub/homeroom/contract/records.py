"""What outlives the hub's database: who was removed. The guard writes it, the hub reads it, labs have neither."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/srv/records")
TOMBSTONES = "removed.json"
LOG = "audit.jsonl"
ADDRESS = "/homeroom/records"
"""Where the guard takes events."""

LONGEST_FIELD = 300
"""So many characters a field of an event has at most."""
REMOVE, RESTORE, PURGE, ACCOUNT = "user-remove", "user-restore", "user-purge", "account-make"
"""The events that a name's tombstone follows."""


@dataclass(frozen=True, kw_only=True)
class Tombstone:
    """Somebody was removed. Times are ISO 8601, empty for what did not happen.

    :param by: who removed them.
    :param purged_at: when their files were removed for good.
    :param again_at: when the name was given to somebody else, after that.
    """

    at: str
    by: str = ""
    purged_at: str = ""
    again_at: str = ""

    @property
    def is_in_force(self) -> bool:
        """Whether nobody has the name."""
        return not self.again_at

    @property
    def keeps_home(self) -> bool:
        """Whether their home may be there, which is nobody else's to have."""
        return self.is_in_force and not self.purged_at


def tombstones(folder: Path = FOLDER) -> dict[str, Tombstone]:
    """Everybody who was removed, by name; none where there is no such file.

    :raises ValueError: the file is not ours any more.
    """
    try:
        text = (folder / TOMBSTONES).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    try:
        return {name: Tombstone(**fields) for name, fields in json.loads(text).items()}
    except (TypeError, AttributeError) as error:
        raise ValueError(f"{folder / TOMBSTONES}: {error}") from None
