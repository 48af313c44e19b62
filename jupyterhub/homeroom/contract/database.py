"""Where the hub's database is, and how it is read beside the running hub."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

DATABASE = Path("/srv/data/jupyterhub.sqlite")
LOCK_SECONDS = 20.0  # for the hub's own writes to be over


def rows(database: sqlite3.Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    """What a query finds, by the names of its columns."""
    found = database.execute(query, values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]
