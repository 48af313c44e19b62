"""Notes events beside the running hub, which hands them on; without its database's library, which takes long to load.

As `homeroom.records.events`, for commands that work on the database from the server's own shell.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time

from homeroom.contract.records import LONGEST_FIELD


def waiting(who: str, what: str, whom: str = "", *, why: str = "") -> tuple[str, int, str]:
    """A new event as it waits for the guard: its number, when it was, and all of it in JSON."""
    fields = {"who": who, "what": what, "whom": whom, "why": why, "result": "done"}
    number = secrets.token_hex(8)
    event = {name: value[:LONGEST_FIELD] for name, value in fields.items() if value}
    return number, int(time.time()), json.dumps({"id": number, **event})


def note(database: sqlite3.Connection, who: str, what: str, whom: str = "") -> None:
    """Note who did what to whom, in the transaction in which it is done."""
    database.execute("INSERT INTO homeroom_events (id, at, event) VALUES (?, ?, ?)", waiting(who, what, whom))
