"""What the history keeps of a person: what their labs used a day. It is in a file of its own."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

from homeroom.history.schema import FILE, FORGET_PERSON, VERSION

WAIT_SECONDS = 5.0
USED = (
    "SELECT day, teams.word, profiles.word, images.word, lab_seconds, cpu_seconds, gpu_seconds, memory_mib_seconds"
    " FROM use JOIN people ON people.id = person JOIN words AS teams ON teams.id = team"
    " JOIN words AS profiles ON profiles.id = profile JOIN words AS images ON images.id = image"
    " WHERE people.name = ? ORDER BY day"
)
NAMES = ("profile", "image", "lab_seconds", "cpu_seconds", "gpu_seconds", "memory_mib_seconds")


def of_person(_: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It; where the history cannot be read, that is said in its place."""
    try:
        return {"used": used(FILE, name)}
    except sqlite3.Error as error:
        return {"used": [], "fault": f"the history cannot be read: {error}"}


def used(path: Path, name: str) -> list[dict[str, Any]]:
    """What the labs of somebody used, by days where the hub is. The file is only read.

    :raises sqlite3.Error: it cannot be.
    """
    if not path.exists():
        return []
    with contextlib.closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)
    ) as it:
        rows = it.execute(USED, (name,)).fetchall()
    return [
        {"day": date.fromordinal(day).isoformat(), "groups": json.loads(team), **dict(zip(NAMES, row, strict=True))}
        for day, team, *row in rows
    ]


def forget(_: sqlite3.Connection, name: str) -> None:
    """Take the name away from it: sums stay, and whoever is given the name later has nothing of it. A history that is
    damaged is laid aside by the hub, and goes by itself.

    :raises sqlite3.OperationalError: it cannot be written: then nothing of this person is forgotten, and it is tried
        again.
    """
    try:
        unname(FILE, name)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        return


def unname(path: Path, name: str) -> None:
    """Have nobody's name stand with what somebody used, in the file neither. One of another version is left alone.

    :raises sqlite3.Error: it cannot be written.
    """
    if not path.exists():
        return
    address = f"{path.absolute().as_uri()}?mode=rw"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS, isolation_level=None)) as it:
        if it.execute("PRAGMA user_version").fetchone() != (VERSION,):
            return
        it.execute("PRAGMA secure_delete = ON")
        it.execute("BEGIN IMMEDIATE")
        found = it.execute("SELECT id FROM people WHERE name = ?", (name,)).fetchone()
        if found is not None:
            it.execute(FORGET_PERSON, found)
            it.execute("DELETE FROM use WHERE person = ?", found)
            it.execute("DELETE FROM homes WHERE person = ?", found)
            it.execute("DELETE FROM people WHERE id = ?", found)
        it.execute("COMMIT")
        it.execute("PRAGMA wal_checkpoint(TRUNCATE)")
