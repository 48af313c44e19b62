"""What is kept of a person's handouts: which came into the home, and when that was told last."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from homeroom.records import parts


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It; nothing where there never was a handout."""
    query = "SELECT name, folder, state, copied, kept, at FROM homeroom_handouts WHERE user = ? ORDER BY name"
    return {"handouts": parts.rows(database, query, name)}


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove it."""
    with contextlib.suppress(sqlite3.OperationalError):  # the table is made when the hub starts
        database.execute("DELETE FROM homeroom_handouts WHERE user = ?", (name,))
