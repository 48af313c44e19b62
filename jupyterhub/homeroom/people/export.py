"""All that the hub keeps of one person: for `make user-export` (`python -m homeroom.people.export NAME`, run in the
hub's container, JSON on one line), and for the person."""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

from homeroom.contract.database import DATABASE, LOCK_SECONDS
from homeroom.records import parts


def collected(path: Path, name: str) -> dict[str, Any]:
    """What each room keeps of somebody, under the room's name. The database is only read."""
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_SECONDS)
    with contextlib.closing(database):
        return {room: part.of_person(database, name) for room, part in parts.known().items()}


def people(path: Path) -> list[str]:
    """Everybody of whom something is kept."""
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        removed = database.execute("SELECT name FROM homeroom_removed")
        return sorted({name for (name,) in (*database.execute(parts.KNOWN), *removed)})


def main(arguments: list[str]) -> int:
    """Print it."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.people.export")
    parser.add_argument("name")
    name = parser.parse_args(arguments).name
    known = people(DATABASE)
    found = collected(DATABASE, name) if name in known else None
    print(json.dumps({"found": found, "known": [] if found else known}, default=str))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
