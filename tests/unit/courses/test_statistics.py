"""How it goes in courses, in numbers, and what is not told of few."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.courses import desk_client, statistics
from homeroom.courses.desk import statistics as of_desk

from generator.core.errors import HomeroomError
from generator.engine import hub_module
from generator.topics.courses import watch
from tests.sample_settings import settings
from tests.unit.courses.desk import Desk, assignment, tar, told
from tests.unit.courses.test_whole import GRADES

CROWD = {"biology": {"ada": "teachers", **dict.fromkeys(("b+ob", "a.b@x.org", "chen", "dana", "eve"), "students")}}


def asked(capsys: pytest.CaptureFixture[str], people: str) -> dict[str, Any]:
    """What the host is answered of the one course."""
    assert statistics.main([people]) == 0
    answer = json.loads(capsys.readouterr().out)
    (row,) = answer["rows"]
    return {**dict(zip(answer["columns"], row, strict=True)), "week": answer["week"]}


def test_a_course_is_counted_and_nobody_is_named(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Members by role, what there is to do, hand-ins and of how many students, what has its points, and feedback."""
    values = told(assignment(), assignment("week-2"), members=CROWD)
    values["courses"][0]["exams"] = [{"name": "final", "title": "Final", "opens": 4_000_000_000, "seconds": 3600}]
    desk.tell(values)
    for lab in ("lab-1", "lab-1", "lab-2"):
        assert desk.sent(lab, tar(("week.ipynb", b"{}")))[0] == 201
    assert desk.asked("lab-5", "PUT", "/released/extra", tar(("x.ipynb", b"{}")))[0] == 201
    assert desk.asked("lab-5", "PUT", "/feedback/week-1/b-2bob", tar(("week.html", b"good")))[0] == 201
    assert desk.asked("lab-5", "POST", "/grades", GRADES)[0] == 200
    found = asked(capsys, "crowds")
    people = {"teachers": 1, "assistants": 0, "observers": 0, "students": 5}
    work = {"hand_ins": 3, "handed_in_by": 2, "graded": 1, "feedback_out": 1}
    week = {"hand_ins": 3, "courses": 1}
    assert found == {"course": "biology", **people, "assignments": 3, "exams": 1, **work, "week": week}
    assert not [name for name in CROWD["biology"] if name in json.dumps(found)]


def test_what_few_students_did_is_left_out(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless it is asked for. How many they are is told."""
    assert desk.sent("lab-1", tar(("week.ipynb", b"{}")))[0] == 201
    found = asked(capsys, "crowds")
    assert (found["students"], found["assignments"]) == (2, 1)
    assert [found[one] for one in statistics.WORK] == [None] * 4
    assert asked(capsys, "few")["handed_in_by"] == 1


def test_a_desk_that_is_away_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its reason; a deployment without a desk has no courses."""
    monkeypatch.setattr(desk_client, "SOCKET", desk.root / "gone.sock")
    (desk.root / "gone.sock").touch()
    assert statistics.main(["crowds"]) == 1
    assert "does not answer" in capsys.readouterr().err
    (desk.root / "gone.sock").unlink()
    assert statistics.main(["crowds"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == []


def test_the_letter_tells_what_was_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all courses together, where something was, and the letter goes without it where nobody can say."""
    week = {"hand_ins": 214, "courses": 3}
    watched: Any = SimpleNamespace(deployment=object(), settings=settings(COURSE_MAKERS="admins"), runs=lambda _: True)
    monkeypatch.setattr(hub_module, "ask", lambda *_, **__: {"week": week})
    assert list(watch.letter(watched)) == ["Handed in this week: 214 hand-ins in 3 courses."]
    week["hand_ins"] = 0
    assert list(watch.letter(watched)) == []

    def away(*_: object, **__: object) -> None:
        raise HomeroomError("the hub could not be asked", remedy="Later.")

    monkeypatch.setattr(hub_module, "ask", away)
    assert list(watch.letter(watched)) == []
    assert of_desk.WEEK_SECONDS == 7 * 86400
