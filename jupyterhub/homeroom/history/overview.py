"""What became of starts in the last hour, and how the last week was: `python -m homeroom.history.overview`, as one line
of JSON, for the watchdog and the Monday letter. It names nobody."""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from homeroom.history.schema import FILE, HOUR, NOBODY, TEN_MINUTES, kept
from homeroom.history.store import begin_of, local_day

WEEK_DAYS = 7
STARTS = "SELECT coalesce(sum(starts), 0), coalesce(sum(failed_starts), 0) FROM moments WHERE step = ? AND at >= ?"
REASONS = "SELECT reason, sum(starts) FROM failures WHERE at >= ? GROUP BY reason ORDER BY 2 DESC, 1"
WEEK = """
SELECT coalesce(max(labs_most), 0), coalesce(max(longest_wait_seconds), 0), coalesce(sum(memory_kills), 0)
FROM moments WHERE step = ? AND at >= ?
"""
USED = "SELECT count(DISTINCT nullif(person, ?)), coalesce(sum(lab_seconds), 0) FROM use WHERE day > ?"


def overview(path: Path, now: float) -> dict[str, Any]:
    """Both; nothing where there is no history yet.

    :raises sqlite3.Error: it cannot be read.
    """
    if not path.exists():
        return {}
    with kept(path) as database:
        return {"hour": _hour(database, now), "week": _week(database, now)}


def _hour(database: sqlite3.Connection, now: float) -> dict[str, Any]:
    return _starts(database, TEN_MINUTES, begin_of(TEN_MINUTES, now - HOUR))


def _week(database: sqlite3.Connection, now: float) -> dict[str, Any]:
    since = begin_of(HOUR, now - WEEK_DAYS * 24 * HOUR)
    ((labs, wait_seconds, kills),) = database.execute(WEEK, (HOUR, since)).fetchall()
    ((people, lab_seconds),) = database.execute(USED, (NOBODY, local_day(now) - WEEK_DAYS)).fetchall()
    return {
        **_starts(database, HOUR, since),
        "labs_most": labs,
        "longest_wait_seconds": wait_seconds,
        "memory_kills": kills,
        "people": people,
        "lab_hours": lab_seconds / HOUR,
    }


def _starts(database: sqlite3.Connection, step: int, since: int) -> dict[str, Any]:
    """How many labs started since then, how many did not, and why."""
    ((ready, failed),) = database.execute(STARTS, (step, since)).fetchall()
    return {"ready": ready, "failed": failed, "reasons": dict(database.execute(REASONS, (since,)).fetchall())}


def main() -> int:
    """Answer, and return the exit code; 1, with the reason on standard error, where nothing can be read."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.history.overview")
    parser.add_argument("path", type=Path, nargs="?", default=FILE)
    try:
        found = overview(parser.parse_args().path, time.time())
    except sqlite3.Error as error:
        print(f"the history cannot be read: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
