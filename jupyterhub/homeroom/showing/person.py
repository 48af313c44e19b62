"""What is kept of a person who shows their lab, or is shown one: as long as that goes on."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from homeroom.records import parts


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """To whom, by whom, and until when."""
    query = "SELECT owner, tutor, course, ends_at FROM homeroom_showings WHERE owner = ? OR tutor = ?"
    return {"showings": parts.rows(database, query, name, name)}


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove it. The hub takes the right away that belongs to it."""
    with contextlib.suppress(sqlite3.OperationalError):  # the table is made when the hub starts
        database.execute("DELETE FROM homeroom_showings WHERE owner = ? OR tutor = ?", (name, name))
