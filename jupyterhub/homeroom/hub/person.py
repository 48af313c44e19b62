"""What JupyterHub itself keeps of a person: groups, activity, labs and tokens. It forgets them as it removes them."""

from __future__ import annotations

import sqlite3
from typing import Any

from homeroom.contract.database import rows


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It, without what a token is known by. Times are UTC."""
    user = rows(database, "SELECT name, admin, created, last_activity FROM users WHERE name = ?", name)
    groups = rows(
        database,
        "SELECT groups.name FROM groups JOIN user_group_map ON groups.id = group_id JOIN users ON users.id = user_id"
        " WHERE users.name = ? ORDER BY 1",
        name,
    )
    return {
        "user": user,
        "groups": [one["name"] for one in groups],
        "labs": rows(
            database,
            "SELECT spawners.name, started, spawners.last_activity FROM spawners JOIN users ON users.id = user_id"
            " WHERE users.name = ?",
            name,
        ),
        "tokens": rows(
            database,
            "SELECT note, api_tokens.created, expires_at, api_tokens.last_activity FROM api_tokens"
            " JOIN users ON users.id = user_id WHERE users.name = ?",
            name,
        ),
    }


def forget(database: sqlite3.Connection, name: str) -> None:
    """Nothing is left of somebody who was removed."""
