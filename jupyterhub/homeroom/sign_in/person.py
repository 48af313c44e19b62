"""What sign-in keeps of a person: account, by what sources know them, lists, refusals, and who opened their lab."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from homeroom.records.parts import rows

FORGOTTEN = (
    "DELETE FROM homeroom_reset_links WHERE name = ?",
    "DELETE FROM homeroom_lab_visits WHERE owner = ?",
    "DELETE FROM homeroom_refusals WHERE name = ?",
    "DELETE FROM homeroom_roster WHERE name = ?",
    "DELETE FROM users_info WHERE username = ?",
    "UPDATE homeroom_identities SET display_name = '', email = '', locale = '', groups = '[]', state = NULL"
    " WHERE name = ?",
)
"""By what a source knows somebody stays: without it they would come back by it."""


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It, without passwords and keys."""
    signing_in = rows(
        database,
        "SELECT way, subject, source_name, display_name, email, locale, groups, first_at, signed_in_at, ended"
        " FROM homeroom_identities WHERE name = ?",
        name,
    )
    listed = rows(database, "SELECT groups FROM homeroom_roster WHERE name = ?", name)
    return {
        "account": rows(
            database, "SELECT username, email, is_authorized, has_2fa FROM users_info WHERE username = ?", name
        ),
        "sign_ins": [{**one, "groups": json.loads(one["groups"])} for one in signing_in],
        "class_list_groups": [group for one in listed for group in json.loads(one["groups"])],
        "refused_sign_ins": rows(
            database,
            "SELECT first_at, last_at, times, reason, way, address FROM homeroom_refusals WHERE name = ?",
            name,
        ),
        "lab_opened_by": rows(database, "SELECT visitor, at FROM homeroom_lab_visits WHERE owner = ?", name),
        "removed": rows(database, "SELECT at, who, why, purged FROM homeroom_removed WHERE name = ?", name),
    }


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove it, but for by what sources know them."""
    for statement in FORGOTTEN:
        database.execute(statement, (name,))
