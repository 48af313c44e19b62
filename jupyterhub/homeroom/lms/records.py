"""What this service keeps: what was sent to whom, when and by whom; the columns; who was last in a course."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from homeroom.lms.changes import Change
from homeroom.lms.members import Member

NAME = "lms.sqlite"
SHOWN_SENDS = 50
TABLES = """
CREATE TABLE IF NOT EXISTS sends (
    number INTEGER PRIMARY KEY, course TEXT NOT NULL, at REAL NOT NULL, by TEXT NOT NULL, state TEXT NOT NULL,
    total INTEGER NOT NULL, fault TEXT NOT NULL DEFAULT '', undoes INTEGER, platform TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outcomes (
    send INTEGER NOT NULL REFERENCES sends, place INTEGER NOT NULL, at REAL NOT NULL, person TEXT NOT NULL,
    user_id TEXT NOT NULL, column_key TEXT NOT NULL, label TEXT NOT NULL, before REAL, points REAL,
    maximum REAL NOT NULL, result TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (send, place));
CREATE INDEX IF NOT EXISTS outcomes_of_person ON outcomes (person);
CREATE TABLE IF NOT EXISTS rosters (
    course TEXT PRIMARY KEY, platform TEXT NOT NULL, read_at REAL, members TEXT NOT NULL DEFAULT '[]',
    tried_at REAL NOT NULL, fault TEXT NOT NULL DEFAULT '');
"""
RUNNING, DONE, ENDED = "running", "done", "ended"
"""`ended`: before all were tried, by a fault that all others would have met, or with this service."""


class Records:
    """They, in one SQLite file, which nobody else opens.

    :param clock: seconds since 1970.
    """

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self._database = sqlite3.connect(root / NAME, isolation_level=None, check_same_thread=False)
        self._database.row_factory = sqlite3.Row
        self._database.executescript(f"PRAGMA journal_mode=WAL; PRAGMA secure_delete=ON; {TABLES}")
        self._database.execute(
            "UPDATE sends SET state = ?, fault = 'this service was restarted' WHERE state = ?", (ENDED, RUNNING)
        )
        self._clock = clock

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def begin(self, course: str, platform: str, by: str, total: int, undoes: int | None = None) -> int:
        """Note that somebody sends; returns its number."""
        cursor = self._database.execute(
            "INSERT INTO sends (course, at, by, state, total, undoes, platform) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (course, self._clock(), by, RUNNING, total, undoes, platform),
        )
        return int(cursor.lastrowid or 0)

    def note(self, send: int, place: int, change: Change, result: str, said: str) -> None:
        """Note what came of one grade."""
        self._database.execute(
            "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                send,
                place,
                self._clock(),
                change.person,
                change.user_id,
                change.column,
                change.label,
                change.before,
                change.points,
                change.maximum,
                result,
                said,
            ),
        )

    def end(self, send: int, state: str, fault: str = "") -> None:
        """Note that a sending is over."""
        self._database.execute("UPDATE sends SET state = ?, fault = ? WHERE number = ?", (state, fault, send))

    def last(self, course: str, platform: str) -> dict[tuple[str, str], tuple[float | None, float]]:
        """Points and maximum that a platform took last for a course, by column and person's id."""
        found = self._database.execute(
            "SELECT column_key, user_id, points, maximum FROM outcomes JOIN sends ON send = number"
            " WHERE course = ? AND platform = ? AND result = 'sent' ORDER BY send, place",
            (course, platform),
        )
        return {(row["column_key"], row["user_id"]): (row["points"], row["maximum"]) for row in found}

    def sends(self, course: str) -> list[dict[str, Any]]:
        """The last sendings of a course, the last first, each with what came of it."""
        rows = self._database.execute(
            "SELECT * FROM sends WHERE course = ? ORDER BY number DESC LIMIT ?", (course, SHOWN_SENDS)
        ).fetchall()
        undone = {row["undoes"] for row in rows}
        return [
            {**dict(row), "undone": row["number"] in undone, "outcomes": self.outcomes(row["number"])} for row in rows
        ]

    def send(self, course: str, number: int) -> dict[str, Any] | None:
        """One of them; None: the course has none of this number."""
        row = self._database.execute("SELECT * FROM sends WHERE course = ? AND number = ?", (course, number)).fetchone()
        return dict(row) if row is not None else None

    def outcomes(self, number: int) -> list[dict[str, Any]]:
        """What came of each grade of a sending."""
        found = self._database.execute("SELECT * FROM outcomes WHERE send = ? ORDER BY place", (number,))
        return [dict(row) for row in found]

    def keep_roster(self, course: str, platform: str, members: list[Member]) -> None:
        """Keep who is in a course."""
        listed = json.dumps([vars(each) for each in members])
        now = self._clock()
        self._database.execute(
            "INSERT OR REPLACE INTO rosters (course, platform, read_at, members, tried_at) VALUES (?, ?, ?, ?, ?)",
            (course, platform, now, listed, now),
        )

    def keep_fault(self, course: str, platform: str, fault: str) -> None:
        """Note that a list could not be had; who was in the course last stays."""
        self._database.execute(
            "INSERT INTO rosters (course, platform, tried_at, fault) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (course) DO UPDATE SET tried_at = excluded.tried_at, fault = excluded.fault",
            (course, platform, self._clock(), fault),
        )

    def drop_rosters(self, courses: Collection[str]) -> None:
        """Forget who was in any other course."""
        for (course,) in self._database.execute("SELECT course FROM rosters").fetchall():
            if course not in courses:
                self._database.execute("DELETE FROM rosters WHERE course = ?", (course,))

    def roster(self, course: str, platform: str) -> dict[str, Any] | None:
        """Who was in a course last, and how asking went; None: it was never asked of this platform's course."""
        row = self._database.execute(
            "SELECT * FROM rosters WHERE course = ? AND platform = ?", (course, platform)
        ).fetchone()
        return {**dict(row), "members": json.loads(row["members"])} if row is not None else None

    def of_person(self, person: str) -> list[dict[str, Any]]:
        """What was sent of somebody."""
        found = self._database.execute(
            "SELECT course, sends.platform, sends.by, outcomes.at, label, before, points, maximum, result, said"
            " FROM outcomes JOIN sends ON send = number WHERE person = ? ORDER BY send, place",
            (person,),
        )
        return [dict(row) for row in found]

    def of_course(self, course: str) -> int:
        """How often grades of a course were sent."""
        row = self._database.execute("SELECT count(*) FROM sends WHERE course = ?", (course,)).fetchone()
        return int(row[0])

    def forget_course(self, course: str) -> None:
        """Remove what was sent of a course, and who was in it."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            chosen = "SELECT number FROM sends WHERE course = ?"
            self._database.execute(f"DELETE FROM outcomes WHERE send IN ({chosen})", (course,))  # noqa: S608 - as above
            self._database.execute("DELETE FROM sends WHERE course = ?", (course,))
            self._database.execute("DELETE FROM rosters WHERE course = ?", (course,))
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def forget(self, person: str) -> int:
        """Remove what was sent of somebody, and their name as a sender; returns how many grades it was."""
        removed = self._database.execute("DELETE FROM outcomes WHERE person = ?", (person,)).rowcount
        self._database.execute("UPDATE sends SET by = '' WHERE by = ?", (person,))
        return removed
