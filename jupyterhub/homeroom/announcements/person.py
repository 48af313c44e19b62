"""What is kept of a person's announcements: those that they made, until these end."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from homeroom.records import parts


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """Those that have not ended."""
    query = "SELECT text, audience, name, at, ends FROM homeroom_announcements WHERE author = ? ORDER BY id"
    return {"announcements": parts.rows(database, query, name)}


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove them."""
    with contextlib.suppress(sqlite3.OperationalError):  # the table is made when the hub starts
        database.execute("DELETE FROM homeroom_announcements WHERE author = ?", (name,))
