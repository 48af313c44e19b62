"""Announcements from the server's own shell: `python -m homeroom.announcements.service`, run in the hub's container.

One line of JSON on standard input says what is wanted, one on standard output what came of it. It works on the database
beside the running hub, and does without the hub's own modules, which take long to load.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from homeroom.contract.database import DATABASE, LOCK_SECONDS, rows
from homeroom.hub import lab_stamp

ADD = "INSERT INTO homeroom_announcements (text, audience, name, author, at, ends) VALUES (?, ?, ?, ?, ?, ?)"
END = "DELETE FROM homeroom_announcements WHERE id = ?"
CURRENT = "SELECT * FROM homeroom_announcements WHERE ends > ? ORDER BY id"


def answer(database: sqlite3.Connection, wanted: dict[str, Any], now: int) -> dict[str, Any]:
    """Add, list or end.

    :param wanted: `verb`; to add: `text`, `audience`, `name`, `seconds`, `known` (groups or courses that count beside
        the hub's own groups); to end: `id`.
    """
    if wanted["verb"] == "add":
        groups = {row["name"] for row in rows(database, "SELECT name FROM groups")} | set(wanted["known"])
        if wanted["audience"] == "group" and wanted["name"] not in groups:
            return {"unknown": sorted(group for group in groups if not group.startswith("course-"))}
        values = (wanted["text"], wanted["audience"], wanted["name"], "", now, now + wanted["seconds"])
        made = database.execute(ADD, values)
        return {"id": made.lastrowid}
    if wanted["verb"] == "end":
        return {"ended": database.execute(END, (wanted["id"],)).rowcount}
    return {"announcements": rows(database, CURRENT, now)}


def main(path: Path = DATABASE) -> int:
    """Do what is asked and print the answer; returns the exit code."""
    wanted = json.loads(sys.stdin.readline())
    address = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS, isolation_level=None)) as database:
            found = answer(database, wanted, int(time.time()))
    except sqlite3.Error as error:
        print(f"the hub's database: {error}", file=sys.stderr)
        return 1
    if wanted["verb"] != "list":
        lab_stamp.touch()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
