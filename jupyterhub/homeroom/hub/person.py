"""What JupyterHub itself keeps of a person: groups, activity, labs and tokens. It forgets them as it removes them."""

from __future__ import annotations

import sqlite3
from typing import Any


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """It, without what a token is known by. Times are UTC."""
    user = _rows(database, "SELECT name, admin, created, last_activity FROM users WHERE name = ?", name)
    groups = _rows(
        database,
        "SELECT groups.name FROM groups JOIN user_group_map ON groups.id = group_id JOIN users ON users.id = user_id"
        " WHERE users.name = ? ORDER BY 1",
        name,
    )
    return {
        "user": user,
        "groups": [one["name"] for one in groups],
        "labs": _rows(
            database,
            "SELECT spawners.name, started, spawners.last_activity FROM spawners JOIN users ON users.id = user_id"
            " WHERE users.name = ?",
            name,
        ),
        "tokens": _rows(
            database,
            "SELECT note, api_tokens.created, expires_at, api_tokens.last_activity FROM api_tokens"
            " JOIN users ON users.id = user_id WHERE users.name = ?",
            name,
        ),
    }


def _rows(database: sqlite3.Connection, query: str, name: str) -> list[dict[str, Any]]:
    found = database.execute(query, (name,))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def forget(database: sqlite3.Connection, name: str) -> None:
    """Nothing is left of somebody who was removed."""
