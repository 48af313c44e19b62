"""What courses keep of a person: in which they are, and as what."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

OWN = (
    "FROM homeroom_lti_memberships WHERE EXISTS (SELECT 1 FROM homeroom_identities WHERE name = ?"
    " AND homeroom_identities.way = homeroom_lti_memberships.way"
    " AND homeroom_identities.subject = homeroom_lti_memberships.subject)"
)


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It; nothing where people do not come from courses."""
    found = []
    with contextlib.suppress(sqlite3.OperationalError):  # the table is made with the first platform
        found = database.execute(f"SELECT way, course, role, seen {OWN}", (name,)).fetchall()
    return {"courses": [dict(zip(("way", "course", "role", "seen"), row, strict=True)) for row in found]}


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove it."""
    with contextlib.suppress(sqlite3.OperationalError):
        database.execute(f"DELETE {OWN}", (name,))
        database.execute("DELETE FROM homeroom_lti_deep_links WHERE user = ?", (name,))
