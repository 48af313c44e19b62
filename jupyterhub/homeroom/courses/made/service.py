"""Made courses from the server's own shell: `python -m homeroom.courses.made.service`, run in the hub's container.

One line of JSON on standard input says what is wanted, one on standard output what came of it. It works on the database
beside the running hub, which goes by every change within seconds, and does without the hub's own modules, which take
long to load.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from homeroom.contract.database import DATABASE, LOCK_SECONDS
from homeroom.courses.course import Course, room_user
from homeroom.courses.made import form
from homeroom.records import plain

ALL = "SELECT name, data, version FROM homeroom_courses ORDER BY name"
SEEN = "SELECT data, version FROM homeroom_courses WHERE name = ?"
TAKEN = "SELECT 1 FROM users WHERE name = ?1 UNION SELECT 1 FROM homeroom_names WHERE name = ?1"
ADD = "INSERT OR IGNORE INTO homeroom_courses (data, version, by, at, name) VALUES (?, ?, ?, ?, ?)"
CHANGE = "UPDATE homeroom_courses SET data = ?, version = ?, by = ?, at = ? WHERE name = ? AND version = ?"
REMOVE = "DELETE FROM homeroom_courses WHERE name = ? AND version = ?"
NOTE = "INSERT INTO homeroom_events (id, at, event) VALUES (?, ?, ?)"
SHELL = "shell"


def answer(database: sqlite3.Connection, wanted: dict[str, Any], now: float) -> dict[str, Any]:
    """List, keep or remove.

    :param wanted: `verb`; to keep or remove: `name`, `seen` (the version that is changed, 0: a new course); to keep:
        `course`, its fields in the form of `homeroom.courses.made.form`; and `who` does it.
    :returns: `courses`; or `done`: whether the course was still as it was seen.
    """
    if wanted["verb"] == "list":
        return {"courses": listed(database)}
    name, seen, who = wanted["name"], wanted["seen"], wanted.get("who", SHELL)
    with database:
        if wanted["verb"] == "remove":
            what, done = "course-remove", database.execute(REMOVE, (name, seen)).rowcount == 1
        else:
            course = wanted["course"] if seen else without_taken(database, name, wanted["course"])
            Course.from_json(form.as_told(name, course, {}))
            what = "course-change" if seen else "course-make"
            row = as_row(name, course, who, now, seen=seen)
            done = database.execute(CHANGE if seen else ADD, (*row, seen) if seen else row).rowcount == 1
        if done:
            database.execute(NOTE, plain.waiting(who, what, why=f"course {name}"))
    return {"done": done}


def listed(database: sqlite3.Connection) -> dict[str, Any]:
    """All of them by name, each with its version."""
    rows = database.execute(ALL).fetchall()
    return {name: {"course": json.loads(data), "version": version} for name, data, version in rows}


def one(database: sqlite3.Connection, name: str) -> dict[str, Any] | None:
    """A course; None where there is none of this name."""
    found = seen(database, name)
    return found[0] if found else None


def seen(database: sqlite3.Connection, name: str) -> tuple[dict[str, Any], int] | None:
    """A course and its version; None where there is none of this name."""
    row = database.execute(SEEN, (name,)).fetchone()
    return None if row is None else (json.loads(row[0]), row[1])


def change(database: sqlite3.Connection, name: str, course: dict[str, Any], who: str, now: float, *, seen: int) -> bool:
    """Keep a course as it is to be now, in the transaction of whoever asks; whether it was still as it was seen."""
    return database.execute(CHANGE, (*as_row(name, course, who, now, seen=seen), seen)).rowcount == 1


def add(database: sqlite3.Connection, name: str, course: dict[str, Any], who: str, now: float) -> None:
    """Keep a new course, in the transaction of whoever asks. Where there is one of this name, nothing is done."""
    database.execute(ADD, as_row(name, course, who, now))


def without_taken(database: sqlite3.Connection, name: str, course: dict[str, Any]) -> dict[str, Any]:
    """A course from elsewhere without the rooms whose names are taken here: they would lead to the files of others."""
    taken = {
        each["name"]
        for each in course.get("rooms", ())
        if database.execute(TAKEN, (room_user(name, each["name"]),)).fetchone()
    }
    return {**course, "rooms": [each for each in course["rooms"] if each["name"] not in taken]} if taken else course


def as_row(name: str, course: dict[str, Any], who: str, now: float, *, seen: int = 0) -> tuple[str, int, str, int, str]:
    """What is kept of a course that is changed now.

    :param seen: the version that is changed.
    """
    return json.dumps(course, sort_keys=True), max(seen + 1, int(now * 1000)), who, int(now), name


def main(path: Path = DATABASE) -> int:
    """Do what is asked and print the answer; returns the exit code."""
    wanted = json.loads(sys.stdin.readline())
    address = f"{path.absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=LOCK_SECONDS)) as database:
            found = answer(database, wanted, time.time())
    except (sqlite3.Error, KeyError, TypeError) as error:
        print(f"the hub's courses: {error!r}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
