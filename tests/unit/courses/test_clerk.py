"""What is kept of a course, as commands on the server ask for it and have it removed."""

from __future__ import annotations

import io
import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeroom.contract.grader_labs import grader_name
from homeroom.courses import clerk, desk_client
from homeroom.courses.course import ROLES, room_of, room_user
from homeroom.courses.exams import records as sittings
from homeroom.courses.made import form, service
from homeroom.courses.made import records as made_courses
from homeroom.records import events
from homeroom.rooms.room import room_name
from homeroom.sign_in import accounts, known_names
from homeroom.sign_in.marks import REMOVED, SHARED
from jupyterhub.orm import Base
from sqlalchemy import create_engine

from generator.topics.terms import lab_home, rooms
from tests.unit.courses.desk import Desk
from tests.unit.courses.test_made_handouts import brought, lay


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """A hub's database with a sitting of an exam of two courses, one of them made on a page."""
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "none")
    made = create_engine(f"sqlite:///{tmp_path / 'hub.sqlite'}")
    Base.metadata.create_all(made)
    made.dispose()
    found = accounts.open_database(tmp_path / "hub.sqlite")
    for course in ("bio", "physics"):
        found.execute(
            "INSERT INTO homeroom_exam_sittings VALUES (?, 'final', 'chen', 0, 0, 0, 0, '', 0, '')", (course,)
        )
        found.execute("INSERT INTO homeroom_courses VALUES (?, '{}', 1, 'ada', 1)", (course,))
    return found


def test_all_of_a_course_goes(database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what students did the course stays; with all of it the course goes first, and its lab is waited for. Others
    keep theirs."""
    monkeypatch.setattr(clerk, "CLOSING_SECONDS", 0.0)
    assert clerk.kept(database, "bio") == {"desk": None, "sends": 0, "sittings": 1, "sitting": 0, "made": {}}
    assert clerk.remove(database, "bio", "shell:root", everything=False) == {"open": False}
    assert clerk.kept(database, "bio")["sittings"] == 0
    assert clerk.made(database, "bio") == {}
    database.execute("INSERT INTO homeroom_names (name, mark) VALUES ('grader-bio', ?)", (SHARED,))
    assert clerk.remove(database, "bio", "shell:root", everything=True) == {"open": True}
    assert clerk.made(database, "bio") is None, "the hub lets go of it from now on"
    database.execute("DELETE FROM homeroom_names")
    assert clerk.remove(database, "bio", "shell:root", everything=True) == {"open": False}
    assert clerk.kept(database, "physics") == {"desk": None, "sends": 0, "sittings": 1, "sitting": 0, "made": {}}


def test_when_courses_of_pages_end_is_told(database: sqlite3.Connection) -> None:
    """Each with the days that it says."""
    words = '{"archive": 5, "purge": null}'
    database.execute("UPDATE homeroom_courses SET data = ? WHERE name = 'bio'", (words,))
    assert clerk.ends(database) == {"bio": {"archive": 5}, "physics": {}}


def test_who_sits_an_exam_is_counted(database: sqlite3.Connection) -> None:
    """Who is in it, and who was within a day and is not handed in yet, also after more time; not who never entered, was
    handed in, or could not be for days, and not what is kept of the exam as a whole."""
    rows = {
        "in": (1000, 5000, 0),
        "ended": (1000, 2000, 0),
        "went-on": (1000, 5000, 2000),
        "never": (0, 5000, 0),
        "sealed": (1000, 2000, 2001),
        "": (1000, 5000, 0),
    }
    for person, values in rows.items():
        database.execute(
            "INSERT INTO homeroom_exam_sittings VALUES ('bio', 'quiz', ?, 0, ?, ?, ?, '', 0, '')", (person, *values)
        )
    assert clerk.sitting(database, "bio", 3000) == 3
    assert clerk.sitting(database, "bio", 5001 + clerk.DAY_SECONDS) == 0
    assert clerk.sitting(database, "physics", 3000) == 0


def test_rooms_are_closed_and_waited_for(database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """All rooms of the page are closed, once, and who is still entered after a while is told; a course without any, or
    that is gone, has nothing to close."""
    monkeypatch.setattr(clerk, "CLOSING_SECONDS", 0.0)
    values = json.dumps({**form.new(), "rooms": [made_room("a"), {**made_room("b"), "is_open": False}]})
    database.execute("UPDATE homeroom_courses SET data = ? WHERE name = 'bio'", (values,))
    database.execute("INSERT INTO homeroom_names (name, mark) VALUES ('room-bio-a', ?)", (SHARED,))
    assert clerk.close_rooms(database, "bio", "shell:root") == {"open": ["room-bio-a"]}
    found = service.seen(database, "bio")
    assert found is not None
    assert [each["is_open"] for each in found[0]["rooms"]] == [False, False]
    assert found[1] > 1, "the hub goes by another version"
    database.execute("DELETE FROM homeroom_names")
    assert clerk.close_rooms(database, "bio", "shell:root") == {"open": []}
    assert service.seen(database, "bio") == found
    for course in ("physics", "none"):
        assert clerk.close_rooms(database, course, "shell:root") == {"open": []}


def made_room(name: str) -> dict[str, Any]:
    """A room as it is kept."""
    return {"name": name, "title": name, "profile": "", "is_open": True}


def test_a_course_from_elsewhere_brings_no_room_of_others(database: sqlite3.Connection) -> None:
    """Where a room's name is taken, also by one that was, it does not come: its members would have the files."""
    database.execute("INSERT INTO homeroom_names (name, mark) VALUES ('room-chem-a', ?)", (REMOVED,))
    database.execute("INSERT INTO users (name, admin, cookie_id) VALUES ('room-chem-b', 0, 'x')")
    course = {**form.new(), "rooms": [made_room(name) for name in ("a", "b", "c")]}
    wanted = {"verb": "keep", "name": "chem", "seen": 0, "course": course}
    database.isolation_level = "DEFERRED"
    assert service.answer(database, wanted, 1.0) == {"done": True}
    found = service.one(database, "chem")
    assert found is not None
    assert [each["name"] for each in found["rooms"]] == ["c"]
    assert database.execute(f"SELECT count(*) FROM {events.WaitingEvent.__tablename__}").fetchone() == (1,)


def test_who_keeps_something_and_is_away_is_told(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A desk that is there and does not answer: nothing is said to be gone, and the exit code says so."""
    (tmp_path / "desk.sock").touch()
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    monkeypatch.setattr(clerk, "DATABASE", Path(database.execute("PRAGMA database_list").fetchone()[2]))
    asked = '{"course": "bio", "who": "shell:root", "everything": false}'
    monkeypatch.setattr("sys.stdin", io.StringIO(asked))
    assert clerk.main(["remove"]) == 1
    assert "DeskAway" in capsys.readouterr().err
    assert sittings.ExamSitting.__tablename__ == clerk.SITTINGS
    assert known_names.KnownName.__tablename__ == "homeroom_names"
    assert made_courses.MadeCourse.__tablename__ == clerk.MADE


def test_what_is_given_out_is_told(
    database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By assignment; of one that is out, and waits in a newer form, students find the one that is out."""
    assert clerk.given_out(database, "bio") == {"given_out": {}, "made": {}}
    (tmp_path / "desk.sock").touch()
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    out, waiting = ([{"assignment": name} for name in names] for names in (["week-1"], ["week-1", "week-2"]))
    told = {"released": {"out": out, "waiting": waiting}}
    answers = {("GET", "/released?course=bio"): told}
    monkeypatch.setattr(desk_client, "ask", lambda *words: answers[words])
    assert clerk.given_out(database, "bio")["given_out"] == {"week-1": "out", "week-2": "waiting"}


def test_graders_are_called_as_in_the_hub() -> None:
    """What commands call the user of a grader lab or room is what the hub calls it."""
    assert lab_home.grader("bio-1") == grader_name("bio-1")
    assert rooms.room_user("bio-1", "lab") == room_user("bio-1", "lab") == room_name(room_of("bio-1", "lab"))


def test_a_made_course_is_copied(database: sqlite3.Connection) -> None:
    """Its dates are moved by days of the zone, so that times of day stay, also over a change of clocks; teachers stay,
    and nobody else; a look changes nothing, and one of the new name is left alone."""
    zone = ZoneInfo("Europe/Vienna")
    due = int(datetime(2026, 10, 12, 23, 59, tzinfo=zone).timestamp())
    nobody: dict[str, list[str]] = {"people": [], "groups": []}
    week = {
        "name": "week-1",
        "title": "Cells",
        "due": due,
        "closes": None,
        "late": "accept",
        "extra_seconds": {"b+ob": 9},
    }
    values = {
        **form.new(),
        "title": "Cells",
        "first_day": "2026-10-05",
        "archive": due,
        "lti": {"platform": "moodle", "context": "12"},
        "roles": {role: {"people": ["ada"], "groups": ["x"]} for role in ROLES},
        "assignments": [week],
    }
    database.execute("UPDATE homeroom_courses SET data = ? WHERE name = 'bio'", (json.dumps(values),))

    def copied(course: str, *, look: bool = False) -> dict[str, Any]:
        return clerk.copy(database, course, "bio-27", "shell:root", days=140, zone=zone.key, look=look)

    assert copied("bio", look=True)["made"]["first_day"] == "2027-02-22"
    assert clerk.made(database, "bio-27") is None
    made = copied("bio")["made"]
    assert clerk.made(database, "bio-27") == made
    assert str(datetime.fromtimestamp(made["assignments"][0]["due"], zone)) == "2027-03-01 23:59:00+01:00"
    assert (made["assignments"][0]["extra_seconds"], made["assignments"][0]["closes"], made["lti"]) == ({}, None, None)
    assert made["archive"] == made["assignments"][0]["due"]
    assert made["roles"] == {**dict.fromkeys(ROLES, nobody), "teachers": {"people": ["ada"], "groups": ["x"]}}
    assert copied("bio") == {"is_there": True, "made": None}
    assert copied("none") == {"is_there": False, "made": None}
    assert form.as_told("bio-27", made, {})["title"] == "Cells"


def test_handouts_are_copied_with_their_course(desk: Desk, tmp_path: Path) -> None:
    """A look counts those that would come, and changes nothing; what the new course has already does not come again."""
    lay(tmp_path / "grader")
    assert brought(desk, tmp_path / "grader") == {}
    assert clerk.copy_handouts("biology", "biology-2", days=7, look=True) == {"handouts": 1}
    assert desk_client.handouts_of("biology-2") == []
    assert clerk.copy_handouts("biology", "biology-2", days=7, look=False) == {"handouts": 1}
    assert clerk.copy_handouts("biology", "biology-2", days=7, look=True) == {"handouts": 0}
