"""A history as a full hub would have written it: `python -m tests.generated_history PATH` makes a year and measures it.

Rows are written as they are after all samples of their time were added, by the history's own statements.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from homeroom.history import schema
from homeroom.history.schema import ADD_MOMENT, ADD_USE, COLUMNS, DAY, HOUR, KEPT_DAYS, MINUTE, MOST, TEN_MINUTES
from homeroom.history.store import begin_of, local_day

PEOPLE = 300
TEAMS = 12
LABS_A_DAY = 1.3
"""Kinds of labs that somebody has in a day, on average, weekends too: none of the classes that we know has more."""
NOW = 1_790_000_000.0


def generate(path: Path, days: int, now: float = NOW) -> None:
    """Write the last `days` days of a hub with PEOPLE people, each of whom is there every day."""
    chance = random.Random(7)
    database = schema.opened(path)
    database.execute("BEGIN")
    words = [f'["{"x" * 12} {team}"]' for team in range(TEAMS)] + ["standard", "large", "homeroom-lab:local"]
    database.executemany("INSERT INTO words (word) VALUES (?)", [(word,) for word in words])
    database.executemany(
        "INSERT INTO people (name) VALUES (?)", [(f"person-{n:03}@uni.example",) for n in range(PEOPLE)]
    )
    for step in (MINUTE, TEN_MINUTES, HOUR, DAY):
        seconds = min(days, KEPT_DAYS.get(step, days)) * DAY
        moments = range(begin_of(step, now - seconds), int(now), step)
        rows = ((step, at, *(round(chance.uniform(1e3, 1e12), 3) for _ in (*COLUMNS, *MOST))) for at in moments)
        database.executemany(ADD_MOMENT, rows)
    today = local_day(now)
    for day in range(today - days, today):
        for person in range(1, PEOPLE + 1):
            for profile in range(1 + (chance.random() < LABS_A_DAY - 1)):
                used = [round(chance.uniform(1e2, 1e8), 1) for _ in schema.USE]
                database.execute(ADD_USE, (day, person, 1 + person % TEAMS, TEAMS + 1 + profile, TEAMS + 3, *used))
    database.execute("COMMIT")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def main() -> None:
    """Make a year, and say how large it is and how long its questions take."""
    from homeroom.history import report

    path = Path(sys.argv[1])
    generate(path, 365)
    print(f"a year: {path.stat().st_size / 1e6:.1f} MB")
    for days, by in ((1, "hour"), (30, "group"), (365, "person"), (365, "day")):
        begun = time.perf_counter()
        found = report.asked(path, days=days, by=by, named=False, now=NOW)
        print(f"{by:7} {days:3} days: {len(found['rows']):4} rows in {1000 * (time.perf_counter() - begun):.1f} ms")


if __name__ == "__main__":
    main()
