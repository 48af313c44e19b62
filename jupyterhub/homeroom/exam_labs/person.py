"""What is kept of a person's exams: when they entered each, until when it went on, and the receipt of its end."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from homeroom.records import parts


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It; nothing where they never sat one."""
    query = (
        "SELECT course, exam, more_seconds, entered_at, ends_at, sealed_at, receipt, left_out"
        " FROM homeroom_exam_sittings WHERE person = ? ORDER BY ends_at"
    )
    return {"exams": parts.rows(database, query, name)}


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove it; what was handed in is the hand-in desk's."""
    with contextlib.suppress(sqlite3.OperationalError):  # the table is made when the hub starts
        database.execute("DELETE FROM homeroom_exam_sittings WHERE person = ?", (name,))
