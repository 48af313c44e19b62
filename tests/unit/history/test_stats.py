"""`make stats` on the host: what it is asked, and how it shows the answer."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.courses import statistics
from homeroom.history import report

from generator.core.errors import HomeroomError
from generator.engine import hub_module
from generator.topics.history import question, stats
from generator.topics.history.question import Question, asked
from generator.topics.storage import home_use
from generator.topics.storage.home_use import HomeUse
from tests.sample_settings import settings

COLUMNS = ("person", *report.USE_COLUMNS)


def words(**given: str) -> Question:
    """What these words ask; the others are left out."""
    return asked(**{"days": "", "by": "", "csv": "", "names": "", **given})


@pytest.mark.parametrize(
    ("given", "where", "remedy"),
    [
        ({"days": "x"}, "DAYS", "from 1 to"),
        ({"days": "0"}, "DAYS", "from 1 to"),
        ({"days": "-3"}, "DAYS", "from 1 to"),
        ({"days": "99999999999"}, "DAYS", "from 1 to"),
        ({"by": "grup"}, "BY", "Did you mean BY=group?"),
        ({"by": "people; rm"}, "BY", "group, person, image, profile"),
        ({"csv": "yes"}, "CSV", "CSV=1"),
        ({"names": "1"}, "NAMES", "BY=person NAMES=1"),
        ({"names": "1", "by": "room"}, "NAMES", "BY=person NAMES=1"),
        ({"by": "courses"}, "BY", "Did you mean BY=course?"),
        ({"by": "course", "days": "7"}, "DAYS", "make stats BY=course"),
        ({"names": "all", "by": "person"}, "NAMES", "NAMES=1"),
    ],
)
def test_wrong_words_are_told(given: dict[str, str], where: str, remedy: str) -> None:
    """With what is wrong, and what would be right."""
    with pytest.raises(HomeroomError) as refusal:
        words(**given)
    assert refusal.value.location == where
    assert remedy in str(refusal.value.remedy)


def test_the_usual_is_asked_without_words() -> None:
    """By group, of a month, without names."""
    assert words() == Question(by="group", days=30, csv=False, names=False)
    assert words(by="PERSON", names="1", days="7", csv="1") == Question(by="person", days=7, csv=True, names=True)


def test_both_sides_know_the_same_words() -> None:
    """What the host lets pass, the hub answers."""
    assert (report.WHO, tuple(report.WHEN)) == (question.WHO, question.WHEN)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the hub answers; what it was asked is added."""
    found: dict[str, Any] = {
        "columns": list(COLUMNS),
        "rows": [["ada", 1, 2.5, 0.0, 0.0, 10.0, 1.0], ["", 0, 1, 1, 1, 1, 0]],
    }

    def ask(_: Any, module: str, *arguments: str, about: str, given: str = "") -> dict[str, Any]:
        found["asked"] = (module, arguments, given)
        return found

    monkeypatch.setattr(hub_module, "ask", ask)
    monkeypatch.setattr(home_use, "read", lambda *_: HomeUse(bytes_of={"ada": 5, "bela": None}))
    return found


HERE: Any = SimpleNamespace(client=None, settings=settings(HISTORY_DAYS="30"))


def test_a_table_for_people(told: dict[str, Any]) -> None:
    """Numbers stand under each other; use without a name says so; homes are measured and told to the hub."""
    shown = stats.answer(HERE, Question(by="person", days=60), Path())
    head, ada, nobody = shown.text.splitlines()
    assert head.split("  ")[0] == "person"
    assert ada.split() == ["ada", "1", "2.50", "0", "0", "10", "1"]
    assert nobody.startswith("(names no longer kept)")
    assert len({len(line) for line in (head, ada, nobody)}) == 1
    assert told["asked"] == (stats.MODULE, ("person", "60", "pseudonyms"), '{"ada": 5}')
    assert any("NAMES=1" in note for note in shown.notes)
    assert any("30 days" in note for note in shown.notes)


def test_a_table_for_programs(told: dict[str, Any]) -> None:
    """CSV with a head; a name that a table program would compute is text, and one of two lines is one."""
    told["rows"] = [["=1+1", 1, 1, 1, 1, 1, 1], ["a,\nb", 1, 1, 1, 1, 1, 1]]
    shown = stats.answer(HERE, Question(by="person", csv=True, names=True), Path())
    head, *rows = csv.reader(io.StringIO(shown.text))
    assert tuple(head) == COLUMNS
    assert rows[0][0] == "'=1+1"
    assert len(rows) == 2
    assert "\n" not in rows[1][0]
    assert told["asked"][1][-1] == "names"


def test_courses_are_asked_of_who_knows_them(told: dict[str, Any]) -> None:
    """What few students did is shown where it is asked for, and said to be left out where it is."""
    told |= {"columns": list(statistics.COLUMNS), "rows": [["bio", 1, 0, 0, 3, 2, 0, None, None, None, None]]}
    shown = stats.answer(HERE, words(by="course"), Path())
    assert shown.text.splitlines()[1].split() == ["bio", "1", "0", "0", "3", "2", "0", "-", "-", "-", "-"]
    assert shown.notes[0].endswith("NAMES=1 shows it.")
    assert told["asked"][:2] == (stats.COURSES, ("crowds",))
    stats.answer(HERE, words(by="course", names="1"), Path())
    assert told["asked"][1] == ("few",)
    head, row = stats.answer(HERE, words(by="course", csv="1"), Path()).text.splitlines()
    assert (head.split(",")[0], row[-4:]) == ("course", ",,,,")
    told["rows"] = []
    assert stats.answer(HERE, words(by="course"), Path()).text == "There are no courses."


def test_a_course_has_moments(told: dict[str, Any]) -> None:
    """Each with its offset, so that an hour that is there twice is two."""
    told |= {"columns": ["at", "labs"], "rows": [[1_790_000_000, 3.5]]}
    (_, line) = stats.answer(HERE, Question(by="hour"), Path()).text.splitlines()
    assert line.startswith("2026-09-2")
    assert line.split()[0][-6] in "+-"
    assert told["asked"][2] == "{}", "homes are not measured for it"


def test_nothing_is_told_in_words(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a home that could not be measured."""
    monkeypatch.setattr(home_use, "read", lambda *_: HomeUse(bytes_of={}, fault="not measured in 20 s"))
    assert "not measured in 20 s" in stats.answer(HERE, Question(), Path()).notes[0]
    told["rows"] = []
    assert stats.answer(HERE, Question(days=1), Path()).text == "Nothing is known of the last 1 day."
