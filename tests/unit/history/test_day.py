"""How a day went: read from the history, drawn as SVG, and shown."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from homeroom.history.day import HEIGHT, WIDTH, Day, read
from homeroom.history.day_page import asked_day
from homeroom.history.schema import HOUR, TEN_MINUTES, opened
from homeroom.history.store import HistoryStore
from homeroom.spawner.outcomes import Outcome

from tests.unit.history.samples import DISK, sample, use
from tests.unit.hub.test_templates import PAGES

DAY = date(2026, 9, 21)
MIDNIGHT = datetime.combine(DAY, datetime.min.time()).timestamp()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history of a day: one lab from six o'clock for twenty minutes, two at noon, and others on the next day."""
    store = HistoryStore(tmp_path / "history.sqlite", 90)
    for hours, labs, wait in ((6, 1, 5.0), (6 + 1 / 6, 1, 0.0), (12, 2, 65.0), (25, 9, 900.0)):
        outcomes = (Outcome(waited_seconds=wait, took_seconds=wait + 2),)
        store.add(sample(*([use()] * labs), at=MIDNIGHT + hours * 3600, people=labs, outcomes=outcomes), DISK)
    store.close()
    return tmp_path / "history.sqlite"


def test_a_day_is_drawn_with_gaps_where_nothing_is_known(path: Path) -> None:
    """Each value holds for its ten minutes; the highest is as high as the chart; other days are not in it."""
    labs, people, memory, wait = read(path, DAY).charts
    six, noon, width = WIDTH / 4, WIDTH / 2, WIDTH / 144
    assert labs.path == (
        f"M{six:g} {HEIGHT / 2:g}H{six + width:g}V{HEIGHT / 2:g}H{six + 2 * width:g}M{noon:g} 0H{noon + width:g}"
    )
    assert [(chart.name, chart.most, chart.at) for chart in (labs, people, memory, wait)] == [
        ("labs", 2, "12:00"),
        ("people", 2, "12:00"),
        ("memory", 2 * 2**30, "12:00"),
        ("wait", 65, "12:00"),
    ]


def test_a_day_whose_ten_minutes_are_gone_is_drawn_by_hours(path: Path) -> None:
    """They are kept for 400 days, hours for good."""
    database = opened(path)
    database.execute("DELETE FROM moments WHERE step = ?", (TEN_MINUTES,))
    database.close()
    (labs, *_) = read(path, DAY).charts
    width = WIDTH * HOUR / 86400
    assert labs.path == f"M{WIDTH / 4:g} {HEIGHT / 2:g}H{WIDTH / 4 + width:g}M{WIDTH / 2:g} 0H{WIDTH / 2 + width:g}"


def test_nothing_is_known(path: Path) -> None:
    """Of other days, and where there is no history yet."""
    assert read(path, DAY - timedelta(days=1)) == Day(day=DAY - timedelta(days=1))
    assert read(path.with_name("none.sqlite"), DAY) == Day(day=DAY)


@pytest.mark.parametrize("words", ["", "yesterday", "2026-13-01", "2027-01-01", "0001-01-01", "9999-12-31", "<script>"])
def test_what_is_no_day_is_today(words: str) -> None:
    """So are days to come."""
    assert asked_day(words, DAY) == DAY
    assert asked_day("2026-09-20", DAY) == DAY - timedelta(days=1)


def shown(path: Path, day: date, **values: object) -> str:
    """The page's own part."""
    given = {"shown": read(path, day), "before": day - timedelta(days=1), "after": None, "is_readable": True}
    page = PAGES.get_template("day.html").render(
        **{
            **given,
            "width": WIDTH,
            "height": HEIGHT,
            "base_url": "/hub/",
            "static_url": lambda name, **_: name,
            **values,
        }
    )
    return page.partition("<main")[2].partition("</main>")[0]


def test_the_page_says_in_words_what_it_draws(path: Path) -> None:
    """For those who see no picture: each chart has a label, and the same words stand below it. It has no script."""
    page = shown(path, DAY)
    labels = re.findall(r'role="img"\s+aria-label="([^"]+)"', page)
    assert labels == [
        "2 labs at most, at 12:00.",
        "2 people at most who used their labs, at 12:00.",
        "Labs took 2 GB at most, at 12:00.",
        "1.08 min at most, at 12:00.",
    ]
    assert all(f">{label}</p>" in page for label in labels)
    assert 'href="?day=2026-09-20"' in page
    assert "The day after" not in page
    assert "<script" not in page


def test_the_page_says_that_nothing_is_known(path: Path) -> None:
    """Or that the history cannot be read."""
    assert "Nothing is known of this day." in shown(path, DAY - timedelta(days=9))
    assert "cannot be read now" in shown(path, DAY, shown=Day(day=DAY), is_readable=False)
