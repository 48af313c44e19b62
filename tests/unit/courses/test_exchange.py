"""The desk as nbgrader's exchange, with real sockets: what graders give out, who gets it, and what waits."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeroom.courses import desk_client, person
from homeroom.courses.desk import exchange, shelf

from tests.unit.courses.desk import HOUR, MEMBERS, Desk, assignment, begun, tar, told, untarred

BOB, ANN, GRADER = "lab-1", "lab-2", "lab-5"
WITH_ASSISTANT = {"biology": {**MEMBERS["biology"], "olga": "assistants"}}


def released(desk: Desk, name: str = "week-1", *files: tuple[str, bytes], query: str = "") -> tuple[int, Any]:
    """What a grader lab is answered that releases an assignment."""
    body = tar(*files or (("week.ipynb", b"{}"), ("data/a.csv", b"1")))
    status, text = desk.asked(GRADER, "PUT", f"/released/{name}{query}", body)
    return status, json.loads(text)


def handed_in(desk: Desk, name: str, text: bytes = b"mine") -> str:
    """The code of what a lab hands in."""
    status, receipt = desk.sent(name, tar(("week.ipynb", text), ("nbgrader_config.py", b"")))
    assert status == 201
    return str(receipt["code"])


def given_back(desk: Desk, student: str, code: str = "", text: bytes = b"<p>good</p>") -> tuple[int, Any]:
    """What a grader lab is answered that releases feedback."""
    path = f"/feedback/week-1/{student}?code={code}"
    status, answer = desk.asked(GRADER, "PUT", path, tar(("week.html", text)))
    return status, json.loads(answer)


def test_what_is_released_is_fetched(desk: Desk) -> None:
    """By the course's students alone, whole; a second release needs to be forced, and takes the first one's place."""
    assert desk.listed(BOB, "/released") == []
    assert released(desk) == (201, {"state": "out"})
    assert desk.listed(BOB, "/released") == [{"course": "biology", "assignment": "week-1", "notebooks": ["week"]}]
    status, body = desk.asked(BOB, "GET", "/released/biology/week-1")
    assert (status, untarred(body)) == (200, {"week.ipynb": b"{}", "data/a.csv": b"1"})
    status, said = released(desk)
    assert (status, said["error"]) == (409, "week-1 is released already. Add --force to put this in its place.")
    assert released(desk, "week-1", ("new.ipynb", b"2"), query="?force")[0] == 201
    assert untarred(desk.asked(BOB, "GET", "/released/biology/week-1")[1]) == {"new.ipynb": b"2"}
    for stranger in ("lab-3", "lab-4"):
        assert desk.listed(stranger, "/released") == []
        assert desk.asked(stranger, "GET", "/released/biology/week-1")[0] == 404
    assert len([path for path in desk.kept if path.endswith(".ipynb")]) == 1, "the first one is gone"


def test_nothing_is_fetched_before_it_opens(desk: Desk) -> None:
    """The date of the file counts, also for what is released already; extra time opens nothing earlier."""
    desk.tell(told(assignment(opens=int(time.time()) + HOUR, due=None)))
    released(desk)
    assert desk.listed(BOB, "/released") == []
    assert desk.asked(BOB, "GET", "/released/biology/week-1")[0] == 404
    desk.tell(told())
    assert desk.asked(BOB, "GET", "/released/biology/week-1")[0] == 200


def test_what_the_file_does_not_name_is_open_without_end(desk: Desk) -> None:
    """As long as it is released: it is among the assignments, and taken. Taken back it is neither fetched nor handed
    in; what was handed in stays."""
    path = "/hand-ins/biology/extra"
    assert desk.sent(BOB, tar(("x", b"x")), path)[0] == 404
    released(desk, "extra")
    (course,) = desk.listed(BOB, "/courses")
    assert course["assignments"][-1] == {"name": "extra", "title": "extra", "state": "open"}
    status, receipt = desk.sent(BOB, tar(("x", b"x")), path)
    assert (status, receipt["late"]) == (201, False)
    assert desk.asked(GRADER, "DELETE", "/released/extra")[0] == 200
    assert desk.asked(GRADER, "DELETE", "/released/extra")[0] == 404
    assert desk.sent(BOB, tar(("x", b"x")), path)[0] == 404
    assert [each["assignment"] for each in desk.listed(BOB, "/hand-ins")] == ["extra"]


@pytest.mark.parametrize("kind", ["assignments", "exams"])
def test_what_was_in_the_list_is_closed_out_of_it(desk: Desk, kind: str) -> None:
    """An assignment or exam that is taken out of the file, before its time or after it, opens to nobody: neither at
    once, nor after the desk was started anew, nor by a new version. Feedback for what was handed in stays. In the list
    again its dates count; taken back and released anew, it is open without end."""
    ahead = int(time.time()) + HOUR
    with_it = told(assignment(), assignment("final", opens=ahead, due=None)) if kind == "assignments" else told()
    if kind == "exams":
        with_it["courses"][0]["exams"] = [{"name": "final", "title": "Final", "opens": ahead, "seconds": HOUR}]
    without = told()
    released(desk, "final")  # before the list has it, or after
    desk.tell(with_it)
    code = handed_in(desk, BOB)
    given_back(desk, "b-2bob", code)
    for _ in range(2):
        for each in (without, told(assignment("other"))):
            desk.tell(each)
            assert desk.listed(BOB, "/released") == []
            assert desk.asked(BOB, "GET", "/released/biology/final")[0] == 404
            assert desk.sent(BOB, tar(("x", b"x")), "/hand-ins/biology/final")[0] == 404
            assert "final" not in [each["name"] for each in desk.listed(BOB, "/courses")[0]["assignments"]]
        assert desk.asked(BOB, "GET", f"/feedback/{code}")[0] == 200
        assert released(desk, "final", query="?force")[0] == 201
        desk.end()
        vars(desk).update(vars(begun(desk.root)))
    desk.tell(told(assignment("final")))
    assert desk.asked(BOB, "GET", "/released/biology/final")[0] == 200
    desk.tell(without)
    assert desk.asked(GRADER, "DELETE", "/released/final")[0] == 200
    released(desk, "final")
    assert desk.asked(BOB, "GET", "/released/biology/final")[0] == 200


def test_hand_ins_are_collected_as_they_came(desk: Desk) -> None:
    """With the student's name for nbgrader and the desk's time, and by their codes; a course's grader has no other
    course's."""
    codes = [handed_in(desk, name, name.encode()) for name in (BOB, ANN)]
    found = desk.listed(GRADER, "/hand-ins")
    assert [(each["code"], each["student"], each["person"]) for each in found] == [
        (codes[0], "b-2bob", "b+ob"),
        (codes[1], "a.b@x.org", "a.b@x.org"),
    ]
    stamp = datetime.strptime(found[0]["timestamp"], "%Y-%m-%d %H:%M:%S%z")
    assert stamp.timestamp() == int(found[0]["at"])
    assert stamp.utcoffset() == datetime.now(ZoneInfo("Europe/Vienna")).utcoffset()
    assert untarred(desk.asked(GRADER, "GET", f"/hand-ins/{codes[1]}")[1])["week.ipynb"] == ANN.encode()
    physics = {**told()["courses"][0], "name": "physics"}
    desk.tell(told(courses=[*told()["courses"], physics], graders={GRADER: "physics"}))
    assert desk.listed(GRADER, "/hand-ins") == []
    assert desk.asked(GRADER, "GET", f"/hand-ins/{codes[1]}")[0] == 404


def test_feedback_is_its_owners_alone(desk: Desk) -> None:
    """It is for one hand-in, and found with it; by another's code one is told what one is told of none."""
    first, last, others = handed_in(desk, BOB), handed_in(desk, BOB), handed_in(desk, ANN)
    assert given_back(desk, "b-2bob", first) == (201, {"state": "out", "code": first})
    assert given_back(desk, "b-2bob")[1]["code"] == last, "without a code it is for the last one"
    given_back(desk, "b-2bob", last, b"better")
    assert given_back(desk, "a.b@x.org", others)[0] == 201
    assert untarred(desk.asked(BOB, "GET", f"/feedback/{last}")[1]) == {"week.html": b"better"}
    for code in (others, "AAAAA-AAAAA", "..", "%2e%2e%2fa.b@x.org"):
        assert desk.asked(BOB, "GET", f"/feedback/{code}") == (404, b'{"error": "There is no such feedback."}')
    found = {each["code"]: each["feedback"] for each in desk.listed(BOB, "/hand-ins")}
    assert {code: list(files) for code, files in found.items()} == {first: ["week.html"], last: ["week.html"]}
    assert given_back(desk, "b-2bob", others)[0] == 404, "it is not for another's hand-in"
    assert given_back(desk, "olga")[0] == 404
    assert given_back(desk, "..%2fa.b@x.org")[0] == 404
    desk.tell(told(members={"biology": {}}))
    assert desk.asked(BOB, "GET", f"/feedback/{last}")[0] == 404


def click(what: str) -> int:
    """With how many a teacher's click is done who looked just now."""
    versions = (asyncio.run(desk_client.given_out("biology")) or {})["versions"]
    return asyncio.run(desk_client.click("biology", "week-1", what, versions[what].get("week-1", ""), "ada"))


def test_what_an_assistant_could_have_released_waits(desk: Desk) -> None:
    """Where a course has assistants, assignments and feedback wait until the hub says that a teacher released them; a
    new version waits beside the one that is out. What is out is taken back by a teacher alone."""
    desk.tell(told(members=WITH_ASSISTANT))
    code = handed_in(desk, BOB)
    assert released(desk) == (201, {"state": "waiting"})
    assert given_back(desk, "b-2bob", code)[1]["state"] == "waiting"
    assert desk.listed(BOB, "/released") == []
    assert desk.asked(BOB, "GET", "/released/biology/week-1")[0] == 404
    assert desk.asked(BOB, "GET", f"/feedback/{code}")[0] == 404
    assert desk.listed(BOB, "/hand-ins")[0]["feedback"] == {}
    assert desk.listed(GRADER, "/released")[0]["state"] == "waiting"
    out = asyncio.run(desk_client.given_out("biology")) or {}
    assert [len(out[what]["waiting"]) for what in ("released", "feedback")] == [1, 1]

    assert click("assignment") == 1
    assert click("assignment") == 0, "there is no more"
    assert desk.asked(BOB, "GET", "/released/biology/week-1")[0] == 200
    assert desk.asked(BOB, "GET", f"/feedback/{code}")[0] == 404
    assert click("feedback") == 1
    assert desk.asked(BOB, "GET", f"/feedback/{code}")[0] == 200

    assert released(desk, "week-1", ("new.ipynb", b"2"), query="?force")[1]["state"] == "waiting"
    assert desk.listed(BOB, "/released")[0]["notebooks"] == ["week"]
    status, text = desk.asked(GRADER, "DELETE", "/released/week-1")
    assert (status, json.loads(text)["error"][:22]) == (403, "week-1 is out already.")
    assert click("back") == 1
    assert desk.listed(BOB, "/released") == []


@pytest.mark.parametrize(
    "path", ["/released/week-1", "/feedback/week-1/b-2bob", "/hand-ins/biology/week-1/x", "/released/biology/week-1"]
)
def test_a_students_socket_gives_nothing_out(desk: Desk, path: str) -> None:
    """Whatever is sent to it; nor does it take anything back, or collect."""
    code = handed_in(desk, ANN)
    for method in ("PUT", "POST", "DELETE"):
        assert desk.asked(BOB, method, path, tar(("week.html", b"x")))[0] == 404
    assert desk.asked(BOB, "GET", f"/hand-ins/{code}")[0] == 404
    assert not [name for name in desk.kept if "hand-ins" not in name]


@pytest.mark.parametrize("name", ["..%2f..%2fx", "%2e%2e", ".x", "a%00", "a+b", "a" * 65, "%c3%bc", "Week-1"])
def test_an_odd_name_is_refused(desk: Desk, name: str) -> None:
    """Nothing of it is kept."""
    assert released(desk, name)[0] in (404, 409, 422)
    assert desk.kept == []


def test_what_is_given_out_is_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In size and number; links are refused, as in hand-ins."""
    monkeypatch.setattr(exchange, "LARGEST_BYTES", 1 << 20)
    status, said = released(desk, "week-1", ("big", b"x" * (2 << 20)))
    assert (status, said["error"]) == (413, "It is larger than 1 MiB.")
    link = __import__("tarfile").TarInfo("a.ipynb")
    link.type, link.linkname = b"2", "/srv/courses"
    assert desk.asked(GRADER, "PUT", "/released/week-1", tar(link))[0] == 422
    monkeypatch.setattr(shelf, "MOST_RELEASED", 1)
    assert [released(desk, name)[0] for name in ("one", "two")] == [201, 429]
    assert released(desk, "one", query="?force")[0] == 201


def test_what_is_given_out_outlives_the_desk(desk: Desk) -> None:
    """What is out, what waits, and feedback; a version that was on its way when the desk ended is gone."""
    code = handed_in(desk, BOB)
    released(desk)
    given_back(desk, "b-2bob", code)
    desk.tell(told(members=WITH_ASSISTANT))
    released(desk, "week-1", ("new.ipynb", b"2"), query="?force")
    desk.end()
    (desk.root / "store/biology/released/week-1/half/files").mkdir(parents=True)
    again = begun(desk.root)
    desk.end = again.end
    assert not (desk.root / "store/biology/released/week-1/half").exists()
    desk.tell(told(members=WITH_ASSISTANT))
    assert desk.listed(BOB, "/released")[0]["notebooks"] == ["week"]
    assert click("assignment") == 1
    assert desk.listed(BOB, "/released")[0]["notebooks"] == ["new"]
    assert desk.asked(BOB, "GET", f"/feedback/{code}")[0] == 200


def test_a_persons_feedback_is_shown_and_forgotten(desk: Desk) -> None:
    """With what they handed in; another's stays."""
    for name, student in ((BOB, "b-2bob"), (ANN, "a.b@x.org")):
        handed_in(desk, name)
        given_back(desk, student)
    database = sqlite3.connect(":memory:")
    (own,) = person.of_person(database, "b+ob")["feedback"]
    assert own["files"][0]["path"] == "week.html"
    person.forget(database, "b+ob")
    assert person.of_person(database, "b+ob") == {"named_in_courses": {}, **person.NOTHING}
    assert not list((desk.root / "store").glob("*/*/*/b-2bob"))
    assert len(person.of_person(database, "a.b@x.org")["feedback"]) == 1
