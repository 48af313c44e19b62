"""What is released in a course, on its page: who sees it, and who releases it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from homeroom.courses import desk_client
from homeroom.courses.desk import service

from tests.hub_app import Browser, HubApp
from tests.unit.courses.desk import Desk, begun, tar, told, untarred
from tests.unit.courses.hub import say_courses
from tests.unit.courses.test_course_pages import PASSWORD, app, course

__all__ = ["app"]
PAGE = "homeroom/courses/biology"
FORM = re.compile(r'action="[^"]*/release".*?</form>', re.DOTALL)
FIELD = re.compile(r'type="hidden" name="([a-z_]+)" value="([^"]*)"')
MEMBERS = {"biology": {"ada": "teachers", "bela": "assistants", "b+ob": "students", "chen": "students"}}


@pytest.fixture
def desk(app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The desk of a course with the assistant bela, where b+ob handed in, and the grader lab gave out an assignment and
    feedback."""
    roles = course()["roles"]
    roles["assistants"]["people"] = ["bela"]
    say_courses(app, course(roles=roles))
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    monkeypatch.setattr(service, "KEEP_SECONDS", 0.02)
    for name in ("lab-1", "lab-2", "lab-5"):
        (tmp_path / "labs" / name).mkdir(parents=True)
    made = begun(tmp_path)
    made.tell(told(members=MEMBERS, labs={"lab-1": "b+ob", "lab-2": "chen"}))
    assert made.sent("lab-1", tar(("week.ipynb", b"{}")))[0] == 201
    for path in ("/released/week-1", "/released/puzzle", "/feedback/week-1/b-2bob"):
        assert made.asked("lab-5", "PUT", path, tar(("week.html", b"x"), ("week.ipynb", b"{}")))[0] == 201
    yield made
    made.end()


def button(browser: Browser, what: str, assignment: str = "week-1") -> dict[str, str]:
    """What one of the page's buttons sends."""
    forms = (dict(FIELD.findall(found)) for found in FORM.findall(browser.visit(PAGE).text))
    (found,) = [form for form in forms if (form["what"], form["assignment"]) == (what, assignment)]
    return found


def click(browser: Browser, sent: dict[str, str]) -> requests.Response:
    """Send it."""
    return browser.post(f"{browser.address}/{PAGE}/release", data=sent, timeout=30)


def test_a_teacher_releases_what_waits(app: HubApp, desk: Desk) -> None:
    """By a button each for an assignment and its feedback; from then on students fetch it, and their page says how.
    Taken back, it is out no more."""
    ada, bob = (app.browser_of(name, PASSWORD) for name in ("ada", "b+ob"))
    page = ada.visit(PAGE).text
    assert page.count("Waits for a teacher.") == 2
    assert "puzzle" in page, "also what the file does not name"
    assert "Feedback for 1 hand-in waits for a teacher." in page
    before = bob.visit(PAGE).text
    assert "fetch_assignment" not in before
    assert "homeroom hand-in week-1" in before
    assert "Assignment List" not in before
    for what in ("assignment", "feedback"):
        sent = button(ada, what)
        assert click(ada, sent).status_code == 200
        assert click(ada, sent).status_code == 200, "a second press finds it done"
    assert "Feedback for 1 hand-in is out." in ada.visit(PAGE).text
    page = bob.visit(PAGE).text
    assert "nbgrader fetch_assignment week-1 --course biology" in page
    assert "To hand in, press <em>Submit</em> in your lab's <em>Nbgrader > Assignment List</em>" in page
    assert "nbgrader fetch_feedback week-1 --course biology" in page
    assert "puzzle" not in page
    assert "fetch_feedback" not in app.browser_of("chen", PASSWORD).visit(PAGE).text
    assert [each["assignment"] for each in desk.listed("lab-1", "/released")] == ["week-1"]
    assert click(ada, button(ada, "back")).status_code == 200
    assert desk.listed("lab-1", "/released") == []
    german = ada.visit(PAGE, headers={"Accept-Language": "de"}).text
    assert "Wartet auf Lehrende." in german
    assert "Freigeben" in german


@pytest.mark.parametrize("what", ["assignment", "feedback", "back"])
def test_what_is_not_there_is_refused(app: HubApp, desk: Desk, what: str) -> None:
    """By a name that nothing has: in words, and not as if it was done."""
    ada = app.browser_of("ada", PASSWORD)
    refused = click(ada, {**button(ada, "assignment"), "what": what, "assignment": "nowhere"})
    assert refused.status_code == 404
    assert "Nothing of nowhere lies here" in refused.text


def test_what_is_in_no_list_any_more_is_closed(app: HubApp, desk: Desk) -> None:
    """Teachers read that it is, and may take it back; who handed it in finds the receipt, and no way to fetch it; all
    others see nothing of it. Hand-ins and receipts stay on the page also where it is taken back."""
    ada, bob, chen = (app.browser_of(name, PASSWORD) for name in ("ada", "b+ob", "chen"))
    assert click(ada, button(ada, "assignment")).status_code == 200
    assert "nbgrader fetch_assignment week-1" in chen.visit(PAGE).text
    roles = course()["roles"]
    roles["assistants"]["people"] = ["bela"]
    say_courses(app, course(roles=roles, assignments=[]))
    page = ada.visit(PAGE).text
    assert page.count("In no list of the course any more: nobody fetches it") == 1
    assert "Take back" in page
    page = bob.visit(PAGE).text
    assert "Closed" in page
    assert desk.listed("lab-1", "/hand-ins")[0]["code"] in page
    assert "fetch_assignment" not in page
    assert "week-1" not in chen.visit(PAGE).text
    assert click(ada, button(ada, "back")).status_code == 200
    for browser in (ada, bob):
        page = browser.visit(PAGE).text
        assert "Closed" in page
        assert desk.listed("lab-1", "/hand-ins")[0]["code"] in page
    assert "week-1" not in chen.visit(PAGE).text


@pytest.mark.parametrize(("name", "status"), [("bela", 403), ("b+ob", 403), ("olga", 404)])
def test_nobody_else_releases(app: HubApp, desk: Desk, name: str, status: int) -> None:
    """An assistant sees what waits, and no button; a click all the same is refused in words, and nothing is out."""
    browser = app.browser_of(name, PASSWORD)
    assert "/release" not in browser.visit(PAGE).text
    for what in ("assignment", "feedback", "back"):
        answer = browser.post(
            f"{browser.address}/{PAGE}/release",
            data={"what": what, "assignment": "week-1", "_xsrf": browser.cookies.get("_xsrf", "")},
            timeout=30,
        )
        assert answer.status_code == status
        assert ("Only a teacher of the course" in answer.text) == (status == 403)
    assert desk.listed("lab-1", "/released") == []
    assert len(json.loads(desk.asked("lab-5", "GET", "/released")[1])["released"]) == 2
    assert re.search("Waits for a teacher", browser.visit(PAGE).text) or name != "bela"


def test_a_click_is_for_what_the_page_showed(app: HubApp, desk: Desk) -> None:
    """What an assistant puts in its place between a teacher's look and click, or beside it, is not out by that click:
    it is refused in words, and nothing is released, nor taken back. Who looks again sees when it came."""
    ada, when = app.browser_of("ada", PASSWORD), re.compile(r"Came [0-9-]+ [0-9:]+\.")
    assert len(when.findall(ada.visit(PAGE).text)) == 2
    shown = {what: button(ada, what) for what in ("assignment", "feedback")}
    worse = tar(("week.ipynb", b"with the solutions"))
    assert desk.asked("lab-5", "PUT", "/released/week-1", worse)[0] == 201
    assert desk.sent("lab-2", tar(("week.ipynb", b"{}")))[0] == 201
    assert desk.asked("lab-5", "PUT", "/feedback/week-1/chen", tar(("week.html", b"x")))[0] == 201
    for what, sent in shown.items():
        for form in (sent, {**sent, "shown": ""}, {**sent, "shown": button(ada, "assignment", "puzzle")["shown"]}):
            refused = click(ada, form)
            assert refused.status_code == 409, what
            assert "week-1 has changed since you looked: nothing was released" in refused.text
    assert desk.listed("lab-1", "/released") == []
    assert [each["feedback"] for name in ("lab-1", "lab-2") for each in desk.listed(name, "/hand-ins")] == [{}, {}]
    german = ada.post(
        f"{ada.address}/{PAGE}/release", data=shown["feedback"], headers={"Accept-Language": "de"}, timeout=30
    )
    assert "Nichts wurde freigegeben" in german.text

    for what in shown:
        assert click(ada, button(ada, what)).status_code == 200
    assert untarred(desk.asked("lab-1", "GET", "/released/biology/week-1")[1]) == {"week.ipynb": b"with the solutions"}
    assert all(each["feedback"] for name in ("lab-1", "lab-2") for each in desk.listed(name, "/hand-ins"))
    back = button(ada, "back")
    assert desk.asked("lab-5", "PUT", "/released/week-1?force", tar(("week.ipynb", b"new")))[0] == 201
    assert click(ada, back).status_code == 409
    assert len(json.loads(desk.asked("lab-5", "GET", "/released")[1])["released"]) == 3
    assert click(ada, button(ada, "back")).status_code == 200
    assert [each["assignment"] for each in desk.listed("lab-5", "/released")] == ["puzzle"]


def test_the_same_once_more_is_no_other(app: HubApp, desk: Desk) -> None:
    """What is released again as it waits already, as a repeated command does, keeps nobody's click from counting."""
    ada = app.browser_of("ada", PASSWORD)
    shown = button(ada, "assignment")
    assert desk.asked("lab-5", "PUT", "/released/week-1", tar(("week.html", b"x"), ("week.ipynb", b"{}")))[0] == 201
    assert click(ada, shown).status_code == 200
    assert [each["assignment"] for each in desk.listed("lab-1", "/released")] == ["week-1"]
