"""Copies an SQLite file that others write meanwhile: `python3 -m homeroom_copies.database FROM TO`.

Exit code 1, with the reason on standard error, where there is no whole copy.
"""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from pathlib import Path

LOCK_SECONDS = 30.0


def copy(source: Path, target: Path) -> str:
    """Copy a database by SQLite's own backup, as one file in which everything is that was committed.

    :returns: what is wrong with it; the empty string where the copy is whole.
    """
    try:
        with (
            contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True, timeout=LOCK_SECONDS)) as live,
            contextlib.closing(sqlite3.connect(target)) as made,
        ):
            live.backup(made)
            made.execute("PRAGMA journal_mode = DELETE")
            ((found,),) = made.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else str(found)


def main() -> int:
    """Copy, and return the exit code."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.unlink(missing_ok=True)
    if fault := copy(source, target):
        print(f"{source.name}: {fault}", file=sys.stderr)
        target.unlink(missing_ok=True)
        return 1
    target.chmod(0o600)
    return 0


if __name__ == "__main__":
    sys.exit(main())
