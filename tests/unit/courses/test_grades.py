"""Grades from the grader lab to the course's page: at a desk with real sockets, and as a table."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import sqlite3
from typing import Any

import pytest
from homeroom.courses import desk_client, grade_table, person
from homeroom.courses.course import Course
from homeroom.courses.desk import grades as desk_grades
from homeroom.courses.desk.grades import Grades
from homeroom_lab import desk as desk_of_lab
from homeroom_lab.grades import gradebook, send

from tests.unit.courses.desk import Desk, told

GRADER, STUDENT = "lab-5", "lab-1"


def score(student: str = "b-2bob", points: float = 7.5, **changes: Any) -> dict[str, Any]:
    """One person's, as the grader lab sends it."""
    return {
        "student": student,
        "points": points,
        "penalty": 0,
        "late": False,
        "needs_grading": False,
        **changes,
    }


def week(*scores: dict[str, Any], name: str = "week-1", maximum: float = 10) -> dict[str, Any]:
    """One assignment, as the grader lab sends it."""
    return {"name": name, "maximum": maximum, "scores": list(scores)}


def posted(desk: Desk, *assignments: dict[str, Any], lab: str = GRADER, text: str = "") -> tuple[int, Any]:
    """What a lab is answered that sends these grades."""
    body = text or json.dumps({"assignments": assignments})
    status, answer = desk.asked(lab, "POST", "/grades", body.encode())
    return status, json.loads(answer)


def known() -> Any:
    """What the hub is told."""
    return asyncio.run(desk_client.grades("biology"))


def test_grades_are_known_by_peoples_names(desk: Desk) -> None:
    """What the grader lab sends is what the hub is told, of the course's students, whose names come back from
    nbgrader's; who is none is named and left out. The last ones count."""
    assert known() is None
    assert posted(desk, week(score("a.b@x.org", 1), score("ada", 3), score("stranger", 9))) == (
        200,
        {"people": 1, "unknown": ["ada", "stranger"]},
    )
    assert posted(desk, week(score(late=True, penalty=1), score("a.b@x.org", 2, needs_grading=True)))[0] == 200
    (found,) = known()["assignments"]
    assert (found["name"], found["maximum"]) == ("week-1", 10)
    assert found["scores"] == {
        "b+ob": {"points": 7.5, "penalty": 1, "late": True, "needs_grading": False, "not_run": ""},
        "a.b@x.org": {"points": 2, "penalty": 0, "late": False, "needs_grading": True, "not_run": ""},
    }


def test_nobody_but_the_grader_lab_gives_grades(desk: Desk) -> None:
    """A student's lab that sends grades is told that there is no such thing."""
    assert posted(desk, week(score(points=10)), lab=STUDENT)[0] == 404
    assert known() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"assignments": {}}',
        json.dumps({"assignments": [week(score()), week(score(), maximum=-1)]}),
        json.dumps({"assignments": [week(score()), week(name="../../etc")]}),
        json.dumps({"assignments": [week(score()), week()]}),
        json.dumps({"assignments": [week(score(), score())]}),
        json.dumps({"assignments": [week(score(points=float("nan")))]}),
        json.dumps({"assignments": [week(score(points=float("inf")))]}),
        json.dumps({"assignments": [week(score(points=10**400))]}),
        json.dumps({"assignments": [week(score(points="7"))]}),  # type: ignore[arg-type]
        json.dumps({"assignments": [week(score(points=True))]}),
        json.dumps({"assignments": [week({"student": "b-2bob"})]}),
        json.dumps({"assignments": [week({**score(), "student": ["b-2bob"]})]}),
        json.dumps({"assignments": [week(name=f"w{number}") for number in range(desk_grades.MOST_ASSIGNMENTS + 1)]}),
    ],
)
def test_grades_are_taken_whole_or_not_at_all(desk: Desk, text: str) -> None:
    """With anything that is no grade nothing of what came is kept, and what was known stays."""
    assert posted(desk, week(score()))[0] == 200
    before = known()
    status, said = posted(desk, text=text or " ")
    assert (status, said["error"][:20]) == (422, "What came are no gra")
    assert known() == before


def test_too_much_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grader lab fills neither memory nor disk."""
    monkeypatch.setattr(desk_grades, "LARGEST_BYTES", 1000)
    assert posted(desk, text=" " * 2000)[0] == 413


def test_grades_outlive_the_desk(desk: Desk) -> None:
    """They are on the disk, for the desk alone."""
    posted(desk, week(score()))
    path = desk.root / "store/biology/gradebook.json"
    assert path.stat().st_mode & 0o077 == 0
    assert Grades(desk.root / "store", lambda: None).of_course("biology") == known()  # type: ignore[arg-type,return-value]


def test_a_persons_grades_are_exported_and_forgotten(desk: Desk) -> None:
    """Theirs alone."""
    posted(desk, week(score(), score("a.b@x.org", 2)))
    database = sqlite3.connect(":memory:")
    assert person.of_person(database, "b+ob")["grades"] == [
        {
            "course": "biology",
            "assignment": "week-1",
            "maximum": 10.0,
            "points": 7.5,
            "penalty": 0.0,
            "late": False,
            "needs_grading": False,
            "not_run": "",
        }
    ]
    person.forget(database, "b+ob")
    assert person.of_person(database, "b+ob")["grades"] == []
    assert list(known()["assignments"][0]["scores"]) == ["a.b@x.org"]


def test_the_command_sends_the_gradebook(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says of how many people, and who is no student; a desk that is away is told."""
    monkeypatch.setattr(gradebook, "read", lambda _: {"assignments": [week(score(), score("zoe"))]})
    send_grades = send.send
    monkeypatch.setattr(send, "send", lambda: send_grades(desk.root, desk.socket(GRADER)))
    assert send.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "The course's page has the grades of 1 person.",
        "Left out, since they do not take the course: zoe",
    ]
    assert known()["assignments"][0]["scores"]["b+ob"]["points"] == 7.5
    monkeypatch.setattr(desk_of_lab, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr(send, "send", lambda: send_grades(desk.root, str(desk.root / "no.sock")))
    assert send.main() == 1
    assert "no hand-in desk" in capsys.readouterr().err


def table(*assignments: dict[str, Any], students: tuple[str, ...] = ("b+ob", "=cmd|' /C calc'!A0")) -> Any:
    """Grades as a table; what is sent is as the desk keeps it."""
    course = Course.from_json({**told()["courses"][0], "grader_profile": ""})
    return grade_table.table_of(course, students, {"assignments": assignments})


def kept(name: str, **scores: float) -> dict[str, Any]:
    """An assignment as the desk keeps it."""
    plain = {"penalty": 0, "late": False, "needs_grading": False}
    return {
        "name": name,
        "maximum": 10.0,
        "scores": {{"bob": "b+ob"}.get(who, who): {"points": points, **plain} for who, points in scores.items()},
    }


def test_the_table_has_everybody_in_the_order_of_the_course() -> None:
    """Also who has no grade yet; assignments that the course lacks come last."""
    found = table(kept("extra", bob=1), kept("week-1", bob=2.5), students=("zoe", "b+ob"))
    assert [each.name for each in found.columns] == ["week-1", "extra"]
    assert list(found.rows) == ["b+ob", "zoe"]
    assert (found.total("b+ob"), found.total("zoe"), found.maximum) == (3.5, 0, 20)


def test_no_cell_is_a_formula() -> None:
    """Nothing in the file is taken for a formula by a spreadsheet, whatever people are called."""
    rows = list(csv.reader(io.StringIO(grade_table.as_csv(table(kept("week-1", bob=2.5)), {"b+ob": "=Bob"}))))
    assert rows == [
        ["name", "called", "week-1 (10)", "total (10)"],
        ["'=cmd|' /C calc'!A0", "", "", "0"],
        ["b+ob", "'=Bob", "2.5", "2.5"],
    ]
    for begin in "=+-@\t\r":
        assert grade_table.plain(f"{begin}1") == f"'{begin}1"


def test_students_see_their_own_once_feedback_is_out() -> None:
    """Nobody else's, and nothing before its feedback is released."""
    grades = {"assignments": [kept("week-1", bob=2.5, zoe=9), kept("week-2", bob=1)]}
    given = {"feedback": {"out": [{"assignment": "week-1", "person": "b+ob"}], "waiting": []}}
    released = grade_table.released_to(given)
    found = grade_table.of_student(grades, "b+ob", released)
    assert {name: each["points"] for name, each in found.items()} == {"week-1": 2.5}
    assert grade_table.of_student(grades, "zoe", released) == {}
    assert grade_table.of_student(grades, "b+ob", grade_table.released_to(None)) == {}
