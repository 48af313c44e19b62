"""HistoryStore: writes samples into the history's file, from one thread alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from homeroom.history.sample import Disk, LabUse, Sample, gauges, longest, sums
from homeroom.history.schema import (
    ADD_FAILURE,
    ADD_MOMENT,
    ADD_ROOM,
    ADD_USE,
    COLUMNS,
    DAY,
    FORGET,
    GAUGES,
    HOUR,
    KEEP_HOME,
    KEPT_DAYS,
    MOST,
    NOBODY,
    STEPS,
    TEN_MINUTES,
    opened,
)

MIB = 1 << 20
STEADY_DAYS, STEADY_HOURS = 4, 20
LONGEST = 40
"""Of a reason, which is a word."""


class HistoryStore:
    """The file, open for writing.

    :param days_with_names: for how many days it is known who used something; 0: never.
    :raises sqlite3.Error: as `homeroom.history.schema.opened`.
    """

    def __init__(self, path: Path, days_with_names: int) -> None:
        self._days_with_names = days_with_names
        self._database = opened(path)

    def close(self) -> None:
        """Let the file go."""
        self._database.close()

    def add(self, sample: Sample, disk: Disk) -> None:
        """Add a sample to each step, all of it or, if that fails, nothing.

        :raises sqlite3.Error: it could not be written.
        """
        day = local_day(sample.at)
        with self._whole():
            for name, used_bytes in sample.homes.items():
                self._add_home(name, used_bytes, day)
            self._add_moment(sample, disk, self._homes_bytes())
            for start in sample.starts:
                if start.failure:
                    self._database.execute(ADD_FAILURE, (begin_of(TEN_MINUTES, sample.at), start.failure[:LONGEST]))
            for use in sample.labs:
                self._add_use(use, day)
                if use.room:
                    used = use.lab_seconds if use.is_used else 0.0
                    self._database.execute(ADD_ROOM, (day, use.room, use.is_opened, use.lab_seconds, used))

    def is_steady(self, now: float) -> bool:
        """Whether the clock goes on as before: something was added a day or a few ago, by it. One that was set far
        forward, or a machine that was off, has nothing forgotten for the first day.

        :raises sqlite3.Error: it could not be read.
        """
        span = (HOUR, now - STEADY_DAYS * DAY, now - STEADY_HOURS * HOUR)
        row = self._database.execute("SELECT 1 FROM moments WHERE step = ? AND at BETWEEN ? AND ? LIMIT 1", span)
        return row.fetchone() is not None

    def forget(self, now: float) -> None:
        """Drop names that are older than they may be, their sums stay, and rows of the finer steps.

        :raises sqlite3.Error: it could not be written.
        """
        first_day = local_day(now) - self._days_with_names + 1
        with self._whole():
            self._database.execute(FORGET, (first_day,))
            self._database.execute("DELETE FROM use WHERE day < ? AND person <> ?", (first_day, NOBODY))
            self._database.execute("DELETE FROM homes WHERE day < ?", (first_day,))
            self._database.execute(
                "DELETE FROM people WHERE id NOT IN (SELECT person FROM use UNION SELECT person FROM homes)"
            )
            self._database.execute("DELETE FROM failures WHERE at < ?", (now - KEPT_DAYS[TEN_MINUTES] * DAY,))
            for step, days in KEPT_DAYS.items():
                self._database.execute("DELETE FROM moments WHERE step = ? AND at < ?", (step, now - days * DAY))
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nor is a name left in the log beside the file

    @contextmanager
    def _whole(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _add_moment(self, sample: Sample, disk: Disk, homes_bytes: int) -> None:
        now = gauges(sample, disk, homes_bytes)
        row = {f"{name}_sum": now[name] for name in GAUGES} | {f"{name}_most": now[name] for name in GAUGES}
        row |= sums(sample) | longest(sample)
        values = [round(row[name], 3) for name in (*COLUMNS, *MOST)]
        for step in STEPS:
            self._database.execute(ADD_MOMENT, (step, begin_of(step, sample.at), *values))

    def _add_use(self, use: LabUse, day: int) -> None:
        team = json.dumps(sorted(use.groups), ensure_ascii=False)
        key = (day, self._person(use.person), *map(self._word, (team, use.profile, use.image)))
        seconds = use.lab_seconds
        used = (seconds, use.cpu_seconds, use.gpus * seconds, use.memory_bytes / MIB * seconds)
        self._database.execute(ADD_USE, (*key, *(round(each, 1) for each in used)))

    def _add_home(self, name: str, used_bytes: int, day: int) -> None:
        if person := self._person(name):
            self._database.execute(KEEP_HOME, (person, used_bytes, day))

    def _homes_bytes(self) -> int:
        ((total,),) = self._database.execute("SELECT coalesce(sum(used_bytes), 0) FROM homes").fetchall()
        return int(total)

    def _person(self, name: str) -> int:
        if not name or not self._days_with_names:
            return NOBODY
        return self._number(
            "SELECT id FROM people WHERE name = ?", "INSERT INTO people (name) VALUES (?) RETURNING id", name
        )

    def _word(self, word: str) -> int:
        return self._number(
            "SELECT id FROM words WHERE word = ?", "INSERT INTO words (word) VALUES (?) RETURNING id", word
        )

    def _number(self, known: str, new: str, text: str) -> int:
        """The number of a name or word, which is given one where it has none."""
        found = self._database.execute(known, (text,)).fetchone()
        if found is None:
            (found,) = self._database.execute(new, (text,)).fetchall()
        return int(found[0])


def local_day(at: float) -> int:
    """The number of the day that a moment is in, where the hub is."""
    return date.fromtimestamp(at).toordinal()


def midnight(day: date) -> int:
    """When a day begins where the hub is."""
    return int(datetime.combine(day, datetime.min.time()).timestamp())


def begin_of(step: int, at: float) -> int:
    """When the row of a step begins that a moment belongs to; a day begins at midnight where the hub is."""
    if step == DAY:
        return midnight(date.fromtimestamp(at))
    return int(at) // step * step
