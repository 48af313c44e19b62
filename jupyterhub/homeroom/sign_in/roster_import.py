"""Takes a list of people in: `python -m homeroom.sign_in.roster_import VERB`, run in the hub's container.

Answers are JSON on one line. It works on the database beside the running hub, which takes up every change within
seconds: groups, and the removal of people.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

from homeroom.contract.database import DATABASE
from homeroom.sign_in import accounts, leavers


def known(database: sqlite3.Connection) -> dict[str, Any]:
    """Whom an earlier list named, with groups and e-mail; and who has an account anyway."""
    rows = database.execute(
        "SELECT homeroom_roster.name, groups, coalesce(email, '') FROM homeroom_roster"
        " LEFT JOIN users_info ON username = homeroom_roster.name"
    )
    listed = {name: {"groups": json.loads(groups), "email": email} for name, groups, email in rows}
    having = [name for (name,) in database.execute("SELECT username FROM users_info WHERE is_authorized")]
    return {"listed": listed, "accounts": having}


def take_in(
    database: sqlite3.Connection, people: dict[str, dict[str, Any]], gone: Sequence[str], who: str = accounts.SHELL
) -> dict[str, Any]:
    """Take a list in: accounts for who has none, groups and e-mail of everybody on it; and remove who is gone.

    :param people: by name: `password` of a new account, `groups`, `email`.
    :param gone: who was on an earlier list and is to be removed; administrators are left alone.
    :returns: as `accounts.add`; where somebody cannot be made nothing at all is done.
    """
    made = accounts.add(database, {name: person["password"] for name, person in people.items()}, who)
    if made["leaving"] or made["removed"] or made["elsewhere"]:
        return made
    with accounts.transaction(database):
        for name, person in people.items():
            _list(database, name, person["groups"])
            database.execute("UPDATE users_info SET email = ? WHERE username = ?", (person["email"], name))
        gone = [name for name in gone if _remove(database, name, who)]
    return {**made, "gone": gone}


def _list(database: sqlite3.Connection, name: str, groups: Sequence[str]) -> None:
    """Keep somebody's groups, and which of an earlier list's the hub is to take away."""
    row = database.execute("SELECT groups, former FROM homeroom_roster WHERE name = ?", (name,)).fetchone()
    before = set(json.loads(row[0])) | set(json.loads(row[1])) if row else set()
    database.execute(
        "INSERT OR REPLACE INTO homeroom_roster (name, groups, former, is_new) VALUES (?, ?, ?, 1)",
        (name, json.dumps(sorted(groups)), json.dumps(sorted(before - set(groups)))),
    )


def _remove(database: sqlite3.Connection, name: str, who: str) -> bool:
    """Ask for somebody's removal: the running hub ends all they have."""
    listed = database.execute("SELECT 1 FROM homeroom_roster WHERE name = ?", (name,)).fetchone()
    user = database.execute("SELECT admin FROM users WHERE name = ?", (name,)).fetchone()
    if not listed or (user and user[0]):
        return False
    leavers.request(database, name, who, "not on the list any more")
    return True


def main(arguments: list[str]) -> int:
    """Carry out one verb; the list comes on standard input."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.sign_in.roster_import")
    parser.add_argument("verb", choices=["known", "take-in"])
    given = parser.parse_args(arguments)
    with contextlib.closing(accounts.open_database(DATABASE)) as database:
        if given.verb == "known":
            print(json.dumps(known(database)))
        else:
            wanted = json.load(sys.stdin)
            print(json.dumps(take_in(database, wanted["people"], wanted["gone"], wanted.get("who", accounts.SHELL))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
