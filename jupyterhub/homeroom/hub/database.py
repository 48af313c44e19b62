"""The hub's database: looked over before the hub starts (`python -m homeroom.hub.database`), written to without
waiting for the disk, copied while the hub runs (`--copy`), and its faults put in words.

Exit codes: 0 when the hub can use it, 1 when it cannot, with cause and remedy on standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from homeroom.contract.database import DATABASE
from homeroom.hub import reserve
from homeroom.texts.said import NOTHING, Said, say

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

NEEDED_BYTES = 1 << 20
PASSING_SECONDS = 20.0  # longer than the 10 s after which the engine restarts a service without delay
RETRY_SECONDS = 0.5
LOCK_SECONDS = 1.0
RECENT_SECONDS = 5.0

CHAPTER = 'docs/operations.md, "When something breaks"'
DAMAGED = (
    "the hub's database, with the accounts, is damaged: {error}\n"
    "  Homes are untouched, and labs that run go on. Put a copy of it in its place, or begin with an empty one; "
    f"how is in {CHAPTER}."
)
FULL = (
    "the disk under the hub's database is full\n"
    "  Make room on it: the hub then starts by itself. Homes and accounts are untouched, and labs that run go on. "
    f"More is in {CHAPTER}."
)
LOCKED = (
    "another program keeps the hub's database locked\n"
    "  End it: the hub then starts by itself. Homes and accounts are untouched, and labs that run go on."
)

MESSAGES = {
    "database is locked": say("errors.database.busy"),
    "disk is full": say("errors.database.full"),
    "malformed": say("errors.database.damaged"),
}
MESSAGES["disk I/O error"] = MESSAGES["disk is full"]
MESSAGES["not a database"] = MESSAGES["malformed"]
OTHER = say("errors.database.other")
_last_fault = (float("-inf"), NOTHING)


def main() -> int:
    """Look the database over and return the exit code; what may pass by itself is waited for."""
    parser = argparse.ArgumentParser(prog="homeroom.hub.database", description="Whether the hub can use its database.")
    parser.add_argument("path", type=Path, nargs="?", default=DATABASE)
    parser.add_argument("--copy", action="store_true", help="write a copy to standard output, also while the hub runs")
    given = parser.parse_args()
    path: Path = given.path
    if given.copy:
        return copy(path)
    deadline = time.monotonic() + PASSING_SECONDS
    said = ""
    while found := fault(path):
        if found == FULL and reserve.release(path):
            continue
        if found != said:
            print(f"{path}: {found}", file=sys.stderr)
            said = found
        if not passing(found) or time.monotonic() >= deadline:
            return 1
        time.sleep(RETRY_SECONDS)
    return 0


def copy(path: Path) -> int:
    """Write the database as it is at this moment to standard output, with what is not in its file yet; returns the exit
    code. One that is damaged, or not there, is not copied."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            found = damage(database)
            content = b"" if found else database.serialize()
    except sqlite3.DatabaseError as error:
        found = f"the hub's database cannot be read: {error}"
    if found:
        print(f"{path}: {found}", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(content)
    return 0


def passing(found: str) -> bool:
    """Whether a fault may be over soon."""
    return found in (FULL, LOCKED)


def fault(path: Path) -> str:
    """What keeps the hub from using its database: cause and remedy, or the empty string. None yet is no fault."""
    if shutil.disk_usage(path.parent).free < NEEDED_BYTES:
        return FULL
    if not path.exists():
        return ""
    try:
        database = sqlite3.connect(path, timeout=LOCK_SECONDS)
        try:
            database.execute("BEGIN IMMEDIATE")  # also finishes or undoes what a killed hub left half done
            return damage(database)
        finally:
            database.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return LOCKED
        return FULL if "full" in str(error) else DAMAGED.format(error=error)
    except sqlite3.DatabaseError as error:
        return DAMAGED.format(error=error)


def damage(database: sqlite3.Connection) -> str:
    """What is wrong with a database that can be opened; the empty string where it is whole."""
    ((found,),) = database.execute("PRAGMA quick_check(1)").fetchall()
    return "" if found == "ok" else DAMAGED.format(error=str(found).replace("\n", " "))


def message(error: str) -> Said:
    """What a person reads whose request failed on the database."""
    return next((words for sign, words in MESSAGES.items() if sign in error), OTHER)


def write_ahead() -> None:
    """Have this process's commits appended to a log beside the database (`-wal`), without waiting for the disk.

    The hub waits for each commit with all its requests. A hub that is killed loses nothing, nor is the database ever
    damaged; a machine that loses its power may forget the last half a minute."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", set_write_ahead):
        event.listen(Engine, "connect", set_write_ahead)


def set_write_ahead(connection: object, _: object = None) -> None:
    """Set a new connection to SQLite so; another database, of the operator's choice, is left alone."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")


def tell_faults() -> None:
    """Have every error of the database carry words for the user who meets it, where the hub's pages look for them."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "handle_error", explain):
        event.listen(Engine, "handle_error", explain)


def explain(context: ExceptionContext) -> None:
    """Give an error its words, and keep them for pages that are shown although it happened."""
    global _last_fault
    error = context.sqlalchemy_exception
    if error is not None:
        words = message(str(context.original_exception))
        error.jupyterhub_message = str(words)  # type: ignore[attr-defined]
        _last_fault = time.monotonic(), words


def recent_fault(_: object = None) -> Said:
    """What is to be said of an error that happened just now; nothing where there was none. The hub takes somebody whom
    it cannot look up for nobody, so a person who is signed in may be shown the sign-in page."""
    happened, words = _last_fault
    return words if time.monotonic() - happened < RECENT_SECONDS else NOTHING


if __name__ == "__main__":
    sys.exit(main())
