"""Whose copies somebody may see: those that were made since the name is theirs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from homeroom.contract import records
from homeroom.contract.records import FOLDER, Tombstone
from homeroom.copies.asking import CannotRead
from homeroom.exam_labs import exam_lab

CLOCK_PATIENCE_SECONDS = 600


def since(stones: Mapping[str, Tombstone], name: str) -> float:
    """From when on copies hold files of whoever has the name now, in seconds since 1970; 0: all of them do.

    :raises CannotRead: nobody has the name: somebody of it was removed.
    """
    stone = stones.get(name)
    if stone is None:
        return 0.0
    if stone.is_in_force:
        raise CannotRead("removed")
    return datetime.fromisoformat(stone.again_at).timestamp()


def of_person(copies: Sequence[Mapping[str, Any]], name: str, folder: Path = FOLDER) -> list[Mapping[str, Any]]:
    """The copies that somebody may see. One that is dated in the future is nobody's: who had the name then is unknown.

    :raises CannotRead: who was removed cannot be read, so nobody is shown anything; or they sit an exam.
    """
    if exam_lab.sat_by(name, time.time()) is not None:
        raise CannotRead("exam")
    try:
        begin = since(records.tombstones(folder), name)
    except (OSError, ValueError):
        raise CannotRead("unreadable") from None
    now = time.time()
    return [one for one in copies if begin <= one["made_at"] <= now + CLOCK_PATIENCE_SECONDS]
