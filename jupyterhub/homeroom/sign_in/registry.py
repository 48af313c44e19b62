"""Who is known and who was refused, from the server's own shell: `python -m homeroom.sign_in.registry VERB`, run in the
hub's container. Answers are JSON on one line. It reads the database beside the running hub."""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
from typing import Any

from homeroom.contract.database import DATABASE, rows
from homeroom.sign_in.accounts import open_database
from homeroom.texts.said import Said

PEOPLE = """
SELECT name, way, source_name, display_name, email, groups, signed_in_at, ended FROM homeroom_identities
UNION ALL
SELECT username, 'native', username, '', coalesce(email, ''), '[]', 0,
  CASE WHEN is_authorized THEN '' ELSE 'waits for approval' END
FROM users_info WHERE NOT EXISTS (SELECT 1 FROM homeroom_identities WHERE way = 'native' AND subject = username)
ORDER BY 1, 2
"""
REFUSALS = """
SELECT number, first_at, last_at, times, reason, way, name, subject, address, said, detail, remedy
FROM homeroom_refusals
"""
SHOWN = 20


def people(database: sqlite3.Connection) -> list[dict[str, Any]]:
    """Everybody by user name and way, with what their source says of them."""
    return rows(database, PEOPLE)


def refusals(database: sqlite3.Connection, number: int | None, name: str) -> list[dict[str, Any]]:
    """The refusal of a number, those of a name, or the last ones; the latest first."""
    if number is not None:
        found = rows(database, f"{REFUSALS} WHERE number = ?", number)
    else:
        chosen = " WHERE name = ?" if name else ""
        found = rows(database, f"{REFUSALS}{chosen} ORDER BY last_at DESC LIMIT {SHOWN}", *([name] if name else []))
    return [one | {"said": Said.load(json.loads(one["said"])).english()} for one in found]


def main(arguments: list[str]) -> int:
    """Carry out one verb."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.sign_in.registry")
    parser.add_argument("verb", choices=["people", "refusal", "refusals"])
    parser.add_argument("value", nargs="?", default="", help="the name for refusals, the number for refusal")
    given = parser.parse_args(arguments)
    with contextlib.closing(open_database(DATABASE)) as database:
        if given.verb == "people":
            print(json.dumps({"people": people(database)}))
        else:
            number = int(given.value) if given.verb == "refusal" else None
            print(json.dumps({"refusals": refusals(database, number, given.value)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
