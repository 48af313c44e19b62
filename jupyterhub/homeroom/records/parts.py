"""What rooms keep of a person in the hub's database: each says so itself, in its `person.py`.

`of_person(database, name)` gives it, as JSON can hold it; `forget(database, name)` removes it, once the person's files
are removed for good, but for what keeps the person away.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from homeroom.contract import database as contract

ROOMS = Path(__file__).parents[1]
KNOWN = (
    "SELECT name FROM users UNION SELECT username FROM users_info UNION SELECT name FROM homeroom_identities"
    " UNION SELECT name FROM homeroom_roster"
)
"""A query for everybody who is known, but those who were removed."""


class PersonPart(Protocol):
    """A room's `person.py`."""

    def of_person(self, database: sqlite3.Connection, name: str) -> dict[str, Any]:
        """What it keeps."""

    def forget(self, database: sqlite3.Connection, name: str) -> None:
        """Remove it, within a transaction."""


@cache
def known() -> dict[str, PersonPart]:
    """The rooms that keep something of people."""
    rooms = sorted(path.parent.name for path in ROOMS.glob("*/person.py"))
    return {room: cast(PersonPart, import_module(f"homeroom.{room}.person")) for room in rooms}


def rows(database: sqlite3.Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    """What a query finds, by the names of its columns; nothing where there is no such table yet."""
    try:
        return contract.rows(database, query, *values)
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise
