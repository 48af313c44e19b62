"""The hub's database: looked over before the hub starts (`python -m homeroom.database`), and its faults put in words.

Exit codes: 0 when the hub can use it, 1 when it cannot, with cause and remedy on standard error.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

DATABASE = Path("/srv/data/jupyterhub.sqlite")
NEEDED_BYTES = 1 << 20
PASSING_SECONDS = 20.0  # longer than the 10 s after which the engine restarts a service without delay
RETRY_SECONDS = 0.5
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
    "database is locked": "The hub's database is busy, so this was not done. Please try again in a minute.",
    "disk is full": "The disk of the hub's database is full, so this was not done. Files and labs are not touched. "
    "Please tell the administrator, who has to make room on it.",
    "malformed": "The hub's database is damaged, so this was not done. Files and labs are not touched. "
    "Please tell the administrator.",
}
MESSAGES["disk I/O error"] = MESSAGES["disk is full"]
MESSAGES["not a database"] = MESSAGES["malformed"]
_last_fault = (float("-inf"), "")
OTHER = "The hub's database did not do this. Please try again in a minute; if it lasts, tell the administrator."


def main() -> int:
    """Look the database over and return the exit code; what may pass by itself is waited for."""
    parser = argparse.ArgumentParser(prog="homeroom.database", description="Whether the hub can use its database.")
    parser.add_argument("path", type=Path, nargs="?", default=DATABASE)
    path: Path = parser.parse_args().path
    deadline = time.monotonic() + PASSING_SECONDS
    said = ""
    while found := fault(path):
        if found != said:
            print(f"{path}: {found}", file=sys.stderr)
            said = found
        if not passing(found) or time.monotonic() >= deadline:
            return 1
        time.sleep(RETRY_SECONDS)
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
        database = sqlite3.connect(path, timeout=1.0)
        try:
            database.execute("BEGIN IMMEDIATE")  # also finishes or undoes what a killed hub left half done
            rows = database.execute("PRAGMA quick_check(1)").fetchall()
        finally:
            database.close()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return LOCKED
        return FULL if "full" in str(error) else DAMAGED.format(error=error)
    except sqlite3.DatabaseError as error:
        return DAMAGED.format(error=error)
    return "" if rows == [("ok",)] else DAMAGED.format(error=str(rows[0][0]).replace("\n", " "))


def message(error: str) -> str:
    """What a person reads whose request failed on the database."""
    return next((words for sign, words in MESSAGES.items() if sign in error), OTHER)


def tell_faults() -> None:
    """Have every error of the database carry words for the person who meets it, where the hub's pages look for them."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    event.listen(Engine, "handle_error", explain)


def explain(context: ExceptionContext) -> None:
    """Give an error its words, and keep them for pages that are shown although it happened."""
    global _last_fault
    error = context.sqlalchemy_exception
    if error is not None:
        words = message(str(context.original_exception))
        error.jupyterhub_message = words  # type: ignore[attr-defined]
        _last_fault = time.monotonic(), words


def recent_fault(_: object = None) -> str:
    """The words of an error that happened just now; empty where there was none. The hub takes somebody whom it cannot
    look up for nobody, so a person who is signed in may be shown the sign-in page."""
    happened, words = _last_fault
    return words if time.monotonic() - happened < RECENT_SECONDS else ""


if __name__ == "__main__":
    sys.exit(main())
