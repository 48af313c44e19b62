"""Notes events beside the running hub, which hands them on; without its database's library, which takes long to load.

As `homeroom.records.events`, for commands that work on the database from the server's own shell.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time

LONGEST = 300


def note(database: sqlite3.Connection, who: str, what: str, whom: str = "", *, why: str = "") -> None:
    """Note who did what to whom, in the transaction in which it is done."""
    fields = {"who": who, "what": what, "whom": whom, "why": why, "result": "done"}
    number = secrets.token_hex(8)
    event = {"id": number, **{name: value[:LONGEST] for name, value in fields.items() if value}}
    values = (number, int(time.time()), json.dumps(event))
    database.execute("INSERT INTO homeroom_events (id, at, event) VALUES (?, ?, ?)", values)
