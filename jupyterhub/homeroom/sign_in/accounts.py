"""Accounts from the server's own shell: `python -m homeroom.sign_in.accounts VERB`, run in the hub's container.

It works on the database beside the running hub, which sees every change at once. Answers are JSON on one line. It
imports neither the hub nor its database's library, which would take longer than all else.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from homeroom.contract.database import DATABASE, LOCK_SECONDS
from homeroom.contract.records import ACCOUNT
from homeroom.records.plain import note
from homeroom.sign_in.link_secrets import GOOD_SECONDS, digest, new_secret
from homeroom.sign_in.marks import LEAVING, REMOVED, RENEWED, TOKEN
from homeroom.sign_in.passwords import hashed

SHELL = "shell"
"""Who works on the server's own shell, where it is not said who that is."""


def open_database(path: Path) -> sqlite3.Connection:
    """The hub's database, in which the hub has made its tables. Transactions are begun by hand."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=LOCK_SECONDS, isolation_level=None)


def set_password(database: sqlite3.Connection, name: str, password: str) -> bool:
    """Set a person's password; whoever was locked out for wrong ones can sign in again.

    :returns: whether there is an account of this name.
    """
    changed = database.execute("UPDATE users_info SET password = ? WHERE username = ?", (hashed(password), name))
    return changed.rowcount > 0


def add(database: sqlite3.Connection, people: dict[str, str], who: str = SHELL) -> dict[str, list[str]]:
    """Make approved accounts, all of them or none. A sign-up of that name that merely waits is taken over: its password
    is worth nothing then. An account that is approved is left as it is.

    :param people: the passwords by name.
    :param who: makes them.
    :returns: who was `made`, and who `existing` already; with somebody who is just being removed, under `leaving`, who
        was removed and whose home is still there, under `removed`, or who signs in elsewhere under that name, under
        `elsewhere`, nobody is made.
    """
    existing = _named(database, "SELECT username FROM users_info WHERE is_authorized", people)
    wanted = {name: password for name, password in people.items() if name not in existing}
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # bcrypt computes outside of Python's lock
        secrets = dict(zip(wanted, pool.map(hashed, wanted.values()), strict=True))
    with transaction(database):
        leaving = _named(database, "SELECT name FROM homeroom_names WHERE mark = ?", people, LEAVING)
        removed = _named(database, "SELECT name FROM homeroom_removed WHERE NOT purged", people)
        existing = _named(database, "SELECT username FROM users_info WHERE is_authorized", people)
        elsewhere = _named(database, "SELECT name FROM homeroom_identities WHERE way != 'native'", people)
        elsewhere = [name for name in elsewhere if name not in existing]
        refused = leaving or removed or elsewhere
        made = [] if refused else [name for name in secrets if name not in existing]
        for name in made:
            _make(database, name, secrets[name])
            note(database, who, ACCOUNT, name)
    return {"made": made, "existing": existing, "leaving": leaving, "removed": removed, "elsewhere": elsewhere}


def _make(database: sqlite3.Connection, name: str, secret: bytes) -> None:
    """Make one approved account, and see to what is left of somebody who had the name before."""
    waiting = "UPDATE users_info SET password = ?, is_authorized = 1, has_2fa = 0 WHERE username = ?"
    if not database.execute(waiting, (secret, name)).rowcount:  # the hub may hold the row: its number stays
        columns = "password, username, is_authorized, login_email_sent, has_2fa"
        database.execute(f"INSERT INTO users_info ({columns}) VALUES (?, ?, 1, 0, 0)", (secret, name))  # noqa: S608
    known = database.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone()
    token = database.execute("SELECT 1 FROM homeroom_names WHERE name = ? AND mark = ?", (name, TOKEN)).fetchone()
    database.execute("DELETE FROM homeroom_names WHERE name = ?", (name,))
    database.execute("DELETE FROM homeroom_removed WHERE name = ?", (name,))
    if known and not token:
        database.execute("INSERT INTO homeroom_names (name, mark) VALUES (?, ?)", (name, RENEWED))


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Any:
    """All that the body does, or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _named(database: sqlite3.Connection, query: str, people: dict[str, str], *values: str) -> list[str]:
    """Those of the people whom a query finds."""
    found = {name for (name,) in database.execute(query, values)}
    return [name for name in people if name in found]


def keep_homes(database: sqlite3.Connection, names: list[str]) -> None:
    """Mark the names that have a home and no account: they were somebody's before this database, or before accounts,
    and are no newcomer's to sign up for."""
    database.executemany(
        "INSERT INTO homeroom_names (name, mark) SELECT ?1, ?2 WHERE NOT EXISTS"
        " (SELECT 1 FROM users_info WHERE username = ?1 UNION SELECT 1 FROM homeroom_names WHERE name = ?1"
        "  UNION SELECT 1 FROM homeroom_identities WHERE name = ?1)",
        [(name, REMOVED) for name in names],
    )


def make_link(database: sqlite3.Connection, name: str) -> str | None:
    """The secret of a link by which somebody gives their account a new password, once and within a day; an earlier one
    is worth nothing then. None where there is no such account."""
    kept = database.execute("SELECT password FROM users_info WHERE username = ?", (name,)).fetchone()
    if kept is None:
        return None
    secret = new_secret()
    values = (name, digest(secret, kept[0]), int(time.time()) + GOOD_SECONDS)
    database.execute("INSERT OR REPLACE INTO homeroom_reset_links (name, digest, until) VALUES (?, ?, ?)", values)
    return secret


def exists(database: sqlite3.Connection, name: str) -> bool:
    """Whether this person has an account, or waits for one."""
    return database.execute("SELECT 1 FROM users_info WHERE username = ?", (name,)).fetchone() is not None


def summary(database: sqlite3.Connection) -> dict[str, Any]:
    """How many people there are and who waits for approval."""
    accounts = dict(database.execute("SELECT username, is_authorized FROM users_info").fetchall())
    return {"accounts": len(accounts), "waiting": sorted(name for name, approved in accounts.items() if not approved)}


def shell_user(text: str) -> str:
    """Somebody at the server's shell. :raises ArgumentTypeError: it is none; a password is no argument."""
    if not text.startswith(SHELL):
        raise argparse.ArgumentTypeError(f"does not begin with {SHELL}")
    return text


def main(arguments: list[str]) -> int:
    """Carry out one verb; passwords are read from standard input, never from the command line."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.sign_in.accounts")
    parser.add_argument("verb", choices=["exists", "add", "add-all", "keep-homes", "password", "link", "summary"])
    parser.add_argument("name", nargs="?", default="", help="add-all and keep-homes read them from standard input")
    parser.add_argument("who", nargs="?", default=SHELL, type=shell_user, help="shell:name, for the records")
    given = parser.parse_args(arguments)
    with contextlib.closing(open_database(DATABASE)) as database:
        print(json.dumps(_answer(database, given.verb, given.name, given.who)))
    return 0


def _answer(database: sqlite3.Connection, verb: str, name: str, who: str) -> dict[str, Any]:
    if verb == "summary":
        return summary(database)
    if verb == "link":
        return {"secret": make_link(database, name)}
    if verb == "exists":
        return {"done": exists(database, name)}
    if verb == "keep-homes":
        with transaction(database):
            keep_homes(database, json.load(sys.stdin))
        return {"done": exists(database, name)}
    if verb == "add-all":
        return dict(add(database, json.load(sys.stdin), who))
    password = sys.stdin.readline().rstrip("\n")
    if verb == "password":
        with transaction(database):
            done = set_password(database, name, password)
            if done:
                note(database, who, "password-set", name)
        return {"done": done}
    made = add(database, {name: password}, who)
    return {"done": bool(made["made"]) or (bool(made["existing"]) and set_password(database, name, password))}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
