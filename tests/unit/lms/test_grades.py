"""Grades to a learning platform, by the service as the hub asks it, at a platform with the manners of three kinds."""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
import time
from typing import Any

import pytest
from homeroom.lms import client, sending
from homeroom.lms.connection import Connection
from homeroom.lms.fault import LMSFault
from homeroom.lms.records import Records
from homeroom.lms.scores import scores_address
from homeroom.lms.web import Web

from tests.lti_platform import LearningPlatform
from tests.lti_services import Answer
from tests.unit.lms.conftest import Service, connection, order, running

GRADES = (("1", "week-1", 7.5), ("2", "week-1", 4), ("1", "week-2", 10))


@pytest.mark.parametrize("manners", ["moodle", "canvas", "openedx"])
def test_grades_are_in_the_gradebook(
    lms: Service, school: LearningPlatform, monkeypatch: pytest.MonkeyPatch, manners: Any
) -> None:
    """Each assignment is a column, made once; each grade is there, and what is sent again changes: as Moodle, Canvas
    and Open edX want it."""
    school.services.manners = manners
    monkeypatch.setattr(sending, "APART_SECONDS", 1.1)
    lms.connect(issuer="https://canvas.instructure.com" if manners == "canvas" else school.url)
    sent = lms.send(*GRADES)
    assert (sent["state"], sent["by"], {each["result"] for each in sent["outcomes"]}) == ("done", "ada", {"sent"})
    assert school.services.given("Week-1") == {"1": 7.5, "2": 4}
    assert school.services.given("Week-2") == {"1": 10}
    sent = lms.send(("1", "week-1", 8), *GRADES[1:])
    assert [(each["person"], each["before"], each["points"]) for each in sent["outcomes"]] == [("p1", 7.5, 8)]
    assert school.services.given("Week-1") == {"1": 8, "2": 4}
    assert len(school.services.columns) == 2


def test_what_is_shown_is_what_is_sent(lms: Service, school: LearningPlatform) -> None:
    """A preview changes nothing, has what changes and no more, and whoever sends another one than they saw is told."""
    lms.connect()
    shown = lms.preview(*GRADES)
    assert [(each["person"], each["label"], each["before"], each["points"]) for each in shown["changes"]] == [
        ("p1", "Week-1", None, 7.5),
        ("p2", "Week-1", None, 4),
        ("p1", "Week-2", None, 10),
    ]
    assert school.services.asked == []
    with pytest.raises(client.Refused, match="changed"):
        lms.ask("POST", "/courses/biology/sends", {**order(*GRADES[:1]), "digest": shown["digest"], "by": "ada"})
    lms.send(*GRADES)
    assert lms.preview(*GRADES)["changes"] == []
    with pytest.raises(client.Refused, match="nothing"):
        lms.send(*GRADES)


def test_one_persons_failure_stops_nobody(lms: Service, school: LearningPlatform) -> None:
    """Who is no student there is named with what the platform says, the others have their grades; who is taken later
    is sent later, alone."""
    school.services.refused = {"1"}
    lms.connect()
    sent = lms.send(*GRADES)
    assert {(each["person"], each["label"]): each["result"] for each in sent["outcomes"]} == {
        ("p1", "Week-1"): "refused",
        ("p2", "Week-1"): "sent",
        ("p1", "Week-2"): "refused",
    }
    assert "no student 1" in sent["outcomes"][0]["said"]
    school.services.refused = set()
    assert [each["person"] for each in lms.send(*GRADES)["outcomes"]] == ["p1", "p1"]


def test_a_full_disk_keeps_no_sending_going(lms: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither what was taken nor that it is over can be noted, the sending ends as soon as that can be; what was
    taken meanwhile is sent once more."""
    lms.connect()
    monkeypatch.setattr(sending, "AGAIN_SECONDS", 0.01)
    kept, full = Records.end, iter(range(3))

    def note(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    def end(*given: Any) -> None:
        return note() if next(full, None) is not None else kept(*given)

    with monkeypatch.context() as disk:
        disk.setattr(Records, "note", note)
        disk.setattr(Records, "end", end)
        sent = lms.send(*GRADES)
    assert (sent["state"], sent["outcomes"], next(full, None)) == ("ended", [], None)
    assert "disk is full" in sent["fault"]
    assert [each["result"] for each in lms.send(*GRADES)["outcomes"]] == ["sent"] * 3


def test_undo_is_the_record_before(lms: Service, school: LearningPlatform) -> None:
    """A sending is taken back: grades are what they were, and where there was none there is none; what was sent anew
    since stays."""
    school.services.manners = "openedx"
    lms.connect()
    lms.send(("1", "week-1", 3))
    lms.send(("1", "week-1", 5), ("2", "week-1", 6), ("3", "week-1", 7))
    lms.send(("1", "week-1", 5), ("2", "week-1", 6), ("3", "week-1", 9))
    second = lms.ask("GET", "/courses/biology")["sends"][1]["number"]
    lms.ask("POST", f"/courses/biology/sends/{second}/undo", {"by": "bela"})
    undone = lms.done()
    assert (undone["by"], undone["undoes"]) == ("bela", second)
    assert school.services.given("Week-1") == {"1": 3, "2": None, "3": 9}
    assert lms.ask("GET", "/courses/biology")["sends"][2]["undone"] is True
    shown = lms.preview(("1", "week-1", 5), ("2", "week-1", 6), ("3", "week-1", 9))["changes"]
    assert [(each["person"], each["before"]) for each in shown] == [("p1", 3), ("p2", None)]


def test_a_platform_without_columns_of_ours_gets_the_sum(lms: Service, school: LearningPlatform) -> None:
    """Where tools make no columns, the launched link's own has each person's points together."""
    school.services.may_make_columns = False
    lms.connect()
    lms.send(*GRADES)
    assert lms.ask("GET", "/courses/biology")["manner"] == "sum"
    assert school.services.given("Exercises") == {"1": 17.5, "2": 4}


def test_a_sum_can_be_wished_for(lms: Service, school: LearningPlatform) -> None:
    """`grades: sum` makes one column of the course's name where the link has none."""
    lms.connect(grades="sum")
    lms.send(*GRADES)
    assert school.services.given("Biology") == {"1": 17.5, "2": 4}
    lms.connect(grades="none")
    assert lms.preview(*GRADES)["changes"] == []


def test_a_busy_platform_is_asked_again(lms: Service, school: LearningPlatform) -> None:
    """Too many requests, Canvas's 403 for them, a fault of the platform's: each grade arrives all the same."""
    said = iter(
        (
            Answer(status=429, headers={"Retry-After": "0"}),
            Answer(status=403, body="403 Forbidden (Rate Limit Exceeded)"),
            Answer(status=503),
            Answer(status=502),
        )
    )
    school.services.fault = lambda path: next(said, None) if path.endswith("/scores") else None
    lms.connect()
    assert lms.send(*GRADES)["state"] == "done"
    assert school.services.given("Week-1") == {"1": 7.5, "2": 4}


def test_a_platform_that_is_away_is_told(lms: Service, school: LearningPlatform) -> None:
    """What arrived before stays recorded, the rest is not tried for ever, and is what changes next time."""
    lms.connect()
    lms.send(("1", "week-1", 1))
    school.services.fault = lambda path: Answer(status=503, body="back soon") if path.endswith("/scores") else None
    sent = lms.send(*[(who, "week-1", 2) for who in "123"], ("1", "week-2", 2), ("2", "week-2", 2))
    assert sent["state"] == "ended"
    assert "503" in sent["fault"]
    assert "back soon" in sent["fault"]
    assert [each["result"] for each in sent["outcomes"]] == ["away"] * 3
    school.services.fault = lambda _: None
    assert len(lms.preview(*[(who, "week-1", 2) for who in "123"])["changes"]) == 3


def test_a_token_that_is_over_is_renewed_once(lms: Service, school: LearningPlatform) -> None:
    """A platform that forgot its token gets a new request; one that takes none is told so, and not asked for ever."""
    lms.connect()
    lms.send(("1", "week-1", 1))
    school.services.tokens.clear()
    assert lms.send(("1", "week-1", 2))["state"] == "done"
    assert [path for _, path in school.services.asked].count("/token") == 2
    school.services.fault = lambda path: Answer(status=401) if path.endswith("/scores") else None
    sent = lms.send(("1", "week-1", 3))
    assert sent["state"] == "ended"
    assert "token" in sent["fault"]
    assert [path for _, path in school.services.asked].count("/token") == 3


@pytest.mark.parametrize(
    "nonsense",
    [
        Answer(body=b"\xff\xfe{not json", kind="text/html"),
        Answer(body={"access_token": 7}),
        Answer(body=b" " * (9 << 20)),
        Answer(status=302, headers={"Location": "http://169.254.169.254/"}),
    ],
    ids=["no JSON", "no token", "too large", "elsewhere"],
)
def test_nonsense_is_told(lms: Service, school: LearningPlatform, nonsense: Answer) -> None:
    """A platform that answers nonsense, too much or leads elsewhere: nothing is sent, and the record says why."""
    school.services.fault = lambda path: nonsense if path == "/token" else None
    lms.connect()
    sent = lms.send(*GRADES)
    assert sent["state"] == "ended"
    assert sent["fault"]
    assert sent["outcomes"] == []


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.2:1/lineitems",
        "https://127.0.0.1:1/lineitems",
        "https://[::1]:1/lineitems",
        "https://localhost:1/lineitems",
        "file:///etc/passwd",
        "https://user@127.0.0.1/x",
        "https://127.1/x",
        "nonsense",
    ],
)
def test_a_launch_leads_to_no_private_network(school: LearningPlatform, address: str) -> None:
    """An address that is not the platform's own, and private or without TLS, is never asked."""
    connected = connection(school, lineitems=address)
    with pytest.raises(LMSFault, match=r"private network|no https://|is no address"):
        asyncio.run(asked(connected))


async def asked(connected: Connection) -> None:
    platform = dataclasses.replace(connected.platform, hosts=frozenset({"lms.example"}))
    async with Web(platform) as web:
        await web.ask("GET", connected.lineitems, {})


def test_two_do_not_send_at_once(lms: Service, school: LearningPlatform) -> None:
    """Who presses the button while grades are on their way is told so."""
    school.services.fault = lambda path: time.sleep(0.2) if path.endswith("/scores") else None
    lms.connect()
    digest = lms.preview(*GRADES)["digest"]
    lms.ask("POST", "/courses/biology/sends", {**order(*GRADES), "digest": digest, "by": "ada"})
    with pytest.raises(client.Refused, match="busy"):
        lms.ask("POST", "/courses/biology/sends", {**order(*GRADES), "digest": digest, "by": "ada"})
    lms.done()


def test_records_outlive_the_service(lms: Service, school: LearningPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sent what to whom and when is known to a service that was restarted, and exported and forgotten by name."""
    lms.connect()
    lms.send(*GRADES)
    (lms.root / "again").mkdir()
    for name in ("lms.sqlite", "lms.sqlite-wal"):
        (lms.root / "again" / name).write_bytes((lms.root / name).read_bytes())
    monkeypatch.setattr(client, "SOCKET", lms.root / "again" / "lms.sock")
    with running(lms.root / "again"):
        lms.connect()
        assert lms.preview(*GRADES)["changes"] == []
        found = client.of_person("p1")
        assert [(each["label"], each["points"], each["by"]) for each in found] == [
            ("Week-1", 7.5, "ada"),
            ("Week-2", 10, "ada"),
        ]
        client.forget("p1")
        assert client.of_person("p1") == []
        assert [each["person"] for each in lms.ask("GET", "/courses/biology")["sends"][0]["outcomes"]] == ["p2"]
    monkeypatch.setattr(client, "SOCKET", lms.root / "lms.sock")


def test_a_grade_is_sent_as_others_send_it(lms: Service, school: LearningPlatform) -> None:
    """Column and grade have the fields that pylti1p3next 2.0.2 sends to the same platform, no more and no less."""
    lms.connect()
    lms.send(("1", "week-1", 7.5))
    (column,), (score,) = school.services.columns.values(), school.services.scores.values()
    assert column == {"label": "Week-1", "scoreMaximum": 10, "resourceId": "week-1", "tag": "biology"}
    assert {name: value for name, value in score.items() if name != "timestamp"} == {
        "userId": "1",
        "scoreGiven": 7.5,
        "scoreMaximum": 10,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
    }


def test_scores_stand_before_the_query() -> None:
    """Moodle's addresses of columns end in a query."""
    assert scores_address("https://m.example/1/lineitem?type_id=3") == "https://m.example/1/lineitem/scores?type_id=3"
    assert scores_address("https://c.example/line_items/3") == "https://c.example/line_items/3/scores"


def test_keys_are_for_their_owner_alone(lms: Service) -> None:
    """The private key is in a file that nobody else reads, and is not what the hub is told."""
    assert (lms.root / "keys.json").stat().st_mode & 0o077 == 0
    assert {"d", "p", "q"}.isdisjoint(*lms.ask("GET", "/keys")["keys"])
