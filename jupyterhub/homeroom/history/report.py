"""Who used how much, and when: `python -m homeroom.history.report group 30 pseudonyms`, as one line of JSON.

Its standard input holds what homes take, measured by whoever asks: `{"ada": 1048576}`.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homeroom.history.pseudonyms import Pseudonyms
from homeroom.history.schema import DAY, FILE, HOUR, MINUTE, TEN_MINUTES, USE, kept
from homeroom.history.store import MIB, begin_of, local_day

WHO = ("group", "person", "image", "profile", "room")
WHEN = {"minute": MINUTE, "ten-minutes": TEN_MINUTES, "hour": HOUR, "day": DAY}
GIB = 1 << 30
HOUR_SECONDS = 3600.0

USED = f"""
SELECT people.name, team.word, profile.word, image.word, {", ".join(f"sum({name})" for name in USE)}
FROM use JOIN words AS team ON team.id = use.team JOIN words AS profile ON profile.id = use.profile
    JOIN words AS image ON image.id = use.image LEFT JOIN people ON people.id = use.person
WHERE day > ? GROUP BY use.person, use.team, use.profile, use.image
"""  # noqa: S608 - names of our own columns
COURSE = """
SELECT at, 1.0 * labs_sum / samples, labs_most, people_most, 1.0 * cpus_sum / samples,
    1.0 * memory_bytes_sum / samples / 1073741824, 1.0 * gpus_sum / samples, waiting_most,
    longest_wait_seconds, longest_ready_seconds, starts, failed_starts, memory_kills,
    disk_used_bytes_most / 1073741824.0, homes_bytes_most / 1073741824.0
FROM moments WHERE step = ? AND at >= ? AND at <= ? ORDER BY at
"""
COURSE_COLUMNS = (
    *("at", "labs", "labs_most", "people_most", "cpus", "memory_gib", "gpus", "waiting_most", "longest_wait_seconds"),
    *("longest_start_seconds", "starts", "failed_starts", "memory_kills", "disk_gib", "homes_gib"),
)
IN_ROOMS = """
SELECT room, sum(opened), sum(lab_seconds), sum(used_seconds) FROM rooms WHERE day > ?
GROUP BY room ORDER BY 4 DESC, 3 DESC, 1
"""
ROOM_COLUMNS = ("times_opened", "lab_hours", "used_hours")
USE_COLUMNS = ("people", "lab_hours", "cpu_hours", "gpu_hours", "memory_gib_hours", "home_gib")


@dataclass
class Used:
    """What some people's labs used."""

    people: set[str] = field(default_factory=set)
    amounts: list[float] = field(default_factory=lambda: [0.0] * len(USE))

    def row(self, homes: Mapping[str, int]) -> list[float]:
        """As USE_COLUMNS has it."""
        lab, cpu, gpu, memory_mib = (one / HOUR_SECONDS for one in self.amounts)
        taken = sum(homes.get(name, 0) for name in self.people)
        amounts = (lab, cpu, gpu, memory_mib * MIB / GIB, taken / GIB)
        return [len(self.people), *(round(one, 2) for one in amounts)]


def asked(
    path: Path, *, days: int, by: str, named: bool, now: float, homes: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """The columns and rows of an answer.

    :param by: a word of WHO or WHEN.
    :param named: whether people are called by their names.
    :raises sqlite3.Error: the history cannot be read.
    """
    with kept(path) as database:
        if step := WHEN.get(by):
            since = begin_of(step, now - days * DAY)
            found = database.execute(COURSE, (step, since, now)).fetchall()
            return {
                "columns": COURSE_COLUMNS,
                "rows": [[one[0], *(round(each, 2) for each in one[1:])] for one in found],
            }
        if by == "room":
            rows = database.execute(IN_ROOMS, (local_day(now) - days,)).fetchall()
            hours = [[room, times, *(round(one / HOUR_SECONDS, 2) for one in spans)] for room, times, *spans in rows]
            return {"columns": (by, *ROOM_COLUMNS), "rows": hours}
        used = _added(database.execute(USED, (local_day(now) - days,)), by)
    homes = homes or {}
    if by == "person":
        for name in homes:
            used[name].people.add(name)
    names = Pseudonyms()
    hidden = by == "person" and not named
    named_rows = [(names.of(key) if hidden and key else key, one.row(homes)) for key, one in used.items()]
    rows = [[name, *row] for name, row in sorted(named_rows, key=lambda pair: (-pair[1][1], pair[0]))]
    return {"columns": (by, *USE_COLUMNS), "rows": rows}


def _added(found: Iterator[tuple[Any, ...]], by: str) -> defaultdict[str, Used]:
    """What was used, by what the rows are to be; use of somebody in several groups is in each of them."""
    used: defaultdict[str, Used] = defaultdict(Used)
    for person, team, profile, image, *amounts in found:
        keys = {"person": [person or ""], "profile": [profile], "image": [image]}.get(by) or json.loads(team) or [""]
        for key in keys:
            one = used[key]
            one.amounts = [before + more for before, more in zip(one.amounts, amounts, strict=True)]
            one.people |= {person} if person else set()
    return used


def main() -> int:
    """Answer, and return the exit code; 1, with the reason on standard error, where nothing can be read."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.history.report")
    parser.add_argument("by", choices=[*WHO, *WHEN])
    parser.add_argument("days", type=int)
    parser.add_argument("people", choices=["pseudonyms", "names"])
    parser.add_argument("path", type=Path, nargs="?", default=FILE)
    given = parser.parse_args()
    homes, named = json.loads(sys.stdin.read().strip() or "{}"), given.people == "names"
    try:
        found = asked(given.path, days=given.days, by=given.by, named=named, now=time.time(), homes=homes)
    except sqlite3.Error as error:
        print(f"the history cannot be read: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
