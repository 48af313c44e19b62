"""How a day went, from the history: the rows of its ten minutes, and their charts as paths of SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from homeroom.history.schema import HOUR, TEN_MINUTES, kept
from homeroom.history.store import midnight

WIDTH, HEIGHT = 720, 120
ASKED = """
SELECT at, labs_most, people_most, memory_bytes_most, max(longest_wait_seconds, 0) FROM moments
WHERE step = ? AND at >= ? AND at < ? ORDER BY at
"""
NAMES = ("labs", "people", "memory", "wait")
"""What the columns of ASKED are, after the time."""
Point = tuple[int, float]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One line over a day.

    :param path: of SVG, WIDTH wide and HEIGHT high; where nothing is known there is a gap.
    :param most: the highest value, and `at` when it was, as `14:20`.
    """

    name: str
    path: str
    most: float
    at: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day with its charts; none where nothing is known of it."""

    day: date
    charts: Sequence[Chart] = ()


def read(path: Path, day: date) -> Day:
    """Read a day, by ten minutes, or by hours where these are kept no longer.

    :raises sqlite3.Error: the history cannot be read.
    """
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    if not path.exists():
        return Day(day=day)
    with kept(path) as database:
        for step in (TEN_MINUTES, HOUR):
            if rows := database.execute(ASKED, (step, begin, end)).fetchall():
                columns = {name: [(row[0], row[number]) for row in rows] for number, name in enumerate(NAMES, start=1)}
                return Day(day=day, charts=[_chart(name, points, begin, end, step) for name, points in columns.items()])
    return Day(day=day)


def _chart(name: str, points: Sequence[Point], begin: int, end: int, step: int) -> Chart:
    at, most = max(points, key=lambda point: point[1])
    path = "".join(_steps(points, most or 1.0, begin, end, step))
    return Chart(name=name, path=path, most=most, at=f"{datetime.fromtimestamp(at):%H:%M}")


def _steps(points: Sequence[Point], top: float, begin: int, end: int, step: int) -> Iterator[str]:
    """The line as steps: each value holds for its ten minutes."""
    last = None
    for at, value in points:
        left, right = (round((each - begin) / (end - begin) * WIDTH, 1) for each in (at, at + step))
        height = round(HEIGHT - value / top * HEIGHT, 1)
        yield f"V{height:g}H{right:g}" if last == at - step else f"M{left:g} {height:g}H{right:g}"
        last = at
