"""The tables of the history, an SQLite file of its own."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from homeroom.history.sample import Disk, Sample, gauges, longest, sums

FILE = Path("/srv/history/history.sqlite")
VERSION = 1
MINUTE, TEN_MINUTES, HOUR, DAY = 60, 600, 3600, 86400
STEPS = (MINUTE, TEN_MINUTES, HOUR, DAY)
"""Each sample is added to one row of each step, so that nothing needs to be put together later."""
KEPT_DAYS = {MINUTE: 2, TEN_MINUTES: 400}
"""How long the rows of a step are kept; those of hours and days for good."""
NOBODY = 0
"""Whose use it is, once no name is kept with it."""
_NOTHING = Sample(at=0.0, seconds=0.0), Disk(size_bytes=0, free_bytes=0)
GAUGES = tuple(gauges(*_NOTHING, 0))
SUMS = tuple(sums(_NOTHING[0]))
LONGEST = tuple(longest(_NOTHING[0]))
USE = ("lab_seconds", "cpu_seconds", "gpu_seconds", "memory_mib_seconds")
KEY = ("day", "person", "team", "profile", "image")
COLUMNS = (*(f"{name}_sum" for name in GAUGES), *SUMS)
MOST = (*(f"{name}_most" for name in GAUGES), *LONGEST)


def _columns(names: tuple[str, ...], kind: str) -> str:
    return "".join(f", {name} {kind} NOT NULL" for name in names)


def _added(names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} = {name} + excluded.{name}" for name in names)


TABLES = f"""
CREATE TABLE moments (
    step INTEGER NOT NULL, at INTEGER NOT NULL, samples INTEGER NOT NULL{_columns((*COLUMNS, *MOST), "NUMERIC")},
    PRIMARY KEY (step, at)
) WITHOUT ROWID;
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE TABLE use ({", ".join(f"{name} INTEGER NOT NULL" for name in KEY)}{_columns(USE, "NUMERIC")},
    PRIMARY KEY ({", ".join(KEY)})
) WITHOUT ROWID;
CREATE TABLE homes (person INTEGER PRIMARY KEY, used_bytes INTEGER NOT NULL, day INTEGER NOT NULL);
PRAGMA user_version = {VERSION};
"""
FAILURES = """
CREATE TABLE IF NOT EXISTS failures (
    at INTEGER NOT NULL, reason TEXT NOT NULL, starts INTEGER NOT NULL, PRIMARY KEY (at, reason)
) WITHOUT ROWID
"""
"""Why starts failed, by ten minutes. It came later than the others: an older version leaves it alone."""
ROOMS = """
CREATE TABLE IF NOT EXISTS rooms (
    day INTEGER NOT NULL, room TEXT NOT NULL, opened INTEGER NOT NULL, lab_seconds NUMERIC NOT NULL,
    used_seconds NUMERIC NOT NULL, PRIMARY KEY (day, room)
) WITHOUT ROWID
"""
"""How often rooms were opened, and for how long; who was in them is not kept. It came later, too."""
ADD_ROOM = """
INSERT INTO rooms VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET opened = opened + excluded.opened,
    lab_seconds = lab_seconds + excluded.lab_seconds, used_seconds = used_seconds + excluded.used_seconds
"""
ADD_FAILURE = "INSERT INTO failures VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET starts = starts + 1"
ADD_MOMENT = f"""
INSERT INTO moments (step, at, samples, {", ".join((*COLUMNS, *MOST))})
VALUES (?, ?, 1{", ?" * len((*COLUMNS, *MOST))})
ON CONFLICT DO UPDATE SET samples = samples + 1,
    {_added(COLUMNS)},
    {", ".join(f"{name} = max({name}, excluded.{name})" for name in MOST)}
"""  # noqa: S608 - made of the names above alone, as the next two
ADD_USE = f"""
INSERT INTO use ({", ".join((*KEY, *USE))}) VALUES (?{", ?" * (len(KEY) + len(USE) - 1)})
ON CONFLICT DO UPDATE SET {_added(USE)}
"""  # noqa: S608
KEEP_HOME = """
INSERT INTO homes VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET used_bytes = excluded.used_bytes, day = excluded.day
WHERE used_bytes <> excluded.used_bytes OR day <> excluded.day
"""
"""Homes are told each minute, and change now and then."""


def _nameless(condition: str) -> str:
    return f"""
INSERT INTO use ({", ".join((*KEY, *USE))})
SELECT day, {NOBODY}, team, profile, image, {", ".join(f"sum({name})" for name in USE)}
FROM use WHERE {condition} AND person <> {NOBODY} GROUP BY day, team, profile, image
ON CONFLICT DO UPDATE SET {_added(USE)}
"""  # noqa: S608


FORGET = _nameless("day < ?")
FORGET_PERSON = _nameless("person = ?")
"""Sums stay where names go: those of days, and those of a person."""


class Newer(sqlite3.Error):
    """The file was written by a newer Homeroom."""


def kept(path: Path) -> contextlib.closing[sqlite3.Connection]:
    """The history as it is, to be read; it is not made where it is not there.

    :raises sqlite3.Error: it cannot be opened.
    """
    return contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5.0))


def opened(path: Path) -> sqlite3.Connection:
    """The history, made where it is not there, and looked over.

    :raises sqlite3.DatabaseError: it is damaged.
    :raises sqlite3.OperationalError: it can be neither opened nor made.
    :raises Newer: it has another form.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    try:
        ((version,),) = database.execute("PRAGMA user_version").fetchall()
        if version > VERSION:
            raise Newer("it was written by a newer version of Homeroom")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA secure_delete = ON")  # a name that is forgotten is not left in the file
        database.execute("PRAGMA journal_size_limit = 1048576")
        if not version:
            database.executescript(f"BEGIN;{TABLES}COMMIT;")
        database.execute(FAILURES)
        database.execute(ROOMS)
        ((found,),) = database.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise sqlite3.DatabaseError(str(found))
    except ValueError as error:  # what SQLite says of torn tables can be no text
        database.close()
        raise sqlite3.DatabaseError("its tables cannot be read") from error
    except BaseException:
        database.close()
        raise
    return database
