"""Members, and the page of a course, at a hub of JupyterHub's own: who is in, who is out, and who sees what."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeroom.courses import desk_client
from homeroom.courses.desk import service
from homeroom.courses.lab_role import lab_role
from homeroom.courses.members import MARK
from homeroom.courses.watch import look
from homeroom.labs.plan import Person
from homeroom.sign_in.passwords import hashed
from homeroom_lab import hand_in
from jupyterhub.scopes import get_scopes_for
from nativeauthenticator.orm import UserInfo

from jupyterhub import orm
from tests.hub_app import HubApp
from tests.unit.courses.desk import begun, folder, told
from tests.unit.courses.hub import course_hub, say_courses

PASSWORD = "correct horse battery"
PEOPLE = ("ada", "bela", "chen", "b+ob", "olga", "admin")
DAY = 86400


def course(name: str = "biology", **changes: Any) -> dict[str, Any]:
    """A course as it is rendered: ada teaches, the hub's group bio takes it, and b+ob by name."""
    now = int(time.time())
    people = {"teachers": ["ada"], "assistants": [], "observers": [], "students": ["b+ob", "zoe"]}
    week = {"name": "week-1", "title": "Cells <1>", "opens": now - DAY, "due": now + DAY, "closes": now + 2 * DAY}
    return {
        "name": name,
        "title": "Biology & more",
        "notice": "Room <b>204</b>",
        "profile": "small",
        "first_day": "",
        "last_day": "",
        "roles": {
            role: {"people": names, "hub_groups": ["bio"] if role == "students" else []}
            for role, names in people.items()
        },
        "assignments": [{**week, "late": "mark", "extra_seconds": {"b+ob": 3 * DAY}}],
        **changes,
    }


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with some people; chen is in the group bio."""
    with course_hub(tmp_path_factory.mktemp("hub"), *PEOPLE, password=PASSWORD) as made:
        made.do(fill, made)
        yield made


def fill(app: HubApp) -> None:
    """Groups of the hub's own."""
    for group in ("bio", "course-by-hand-students"):
        app.hub.db.add(orm.Group(name=group, users=[orm.User.find(app.hub.db, "chen")]))
    app.hub.db.commit()


def put(app: HubApp, group: str, *names: str) -> None:
    """Have these people be a group of the hub's, and have the hub look."""

    def change() -> None:
        orm.Group.find(app.hub.db, group).users = [orm.User.find(app.hub.db, name) for name in names]
        app.hub.db.commit()

    app.do(change)
    app.do(look, app.hub)


def members(app: HubApp, group: str) -> list[str] | None:
    """Who is in a group; None: there is none."""

    def ask() -> list[str] | None:
        found = orm.Group.find(app.hub.db, group)
        return None if found is None else sorted(user.name for user in found.users)

    found: list[str] | None = app.do(ask)
    return found


def test_members_are_reconciled(app: HubApp) -> None:
    """Who joins a source group of a course is in, who leaves it is out, and who was put into the course's group by hand
    does not last; the course that is gone takes its groups along, and no others."""
    say_courses(app, course())
    assert members(app, "course-biology-students") == ["b+ob", "chen"]
    assert members(app, "course-biology-teachers") == ["ada"]
    put(app, "bio", "olga")
    assert members(app, "course-biology-students") == ["b+ob", "olga"]
    put(app, "course-biology-teachers", "ada", "chen")
    assert members(app, "course-biology-teachers") == ["ada"]
    put(app, "bio", "chen", "ada")
    assert members(app, "course-biology-students") == ["b+ob", "chen"], "who teaches is no student, too"
    say_courses(app)
    assert members(app, "course-biology-students") is None
    assert members(app, "course-by-hand-students") == ["chen"]


def test_a_damaged_file_puts_nobody_out(app: HubApp) -> None:
    """With a file that cannot be read the last courses go on."""
    say_courses(app, course())
    say_courses(app, text='{"courses": [{"name"')
    assert members(app, "course-biology-students") == ["b+ob", "chen"]
    assert app.browser_of("chen", PASSWORD).visit("homeroom/courses/biology").status_code == 200


def test_a_course_is_for_its_members_alone(app: HubApp) -> None:
    """Others, administrators of the hub too, are told what they are told of a course that is not there."""
    say_courses(app, course())
    for name in ("olga", "admin"):
        browser = app.browser_of(name, PASSWORD)
        theirs, none = (browser.visit(f"homeroom/courses/{each}") for each in ("biology", "physics"))
        assert (theirs.status_code, none.status_code) == (404, 404)
        assert "Biology" not in theirs.text
        assert "Biology" not in browser.visit("home").text
    assert app.browser().visit("homeroom/courses/biology", allow_redirects=False).status_code == 302


def test_students_see_their_own_times(app: HubApp) -> None:
    """What is due when, with one's own extra time and nobody else's; no names of others. What the operator wrote is
    text, not HTML. A button opens their lab."""
    say_courses(app, course())
    bob, chen = (app.browser_of(name, PASSWORD).visit("homeroom/courses/biology").text for name in ("b+ob", "chen"))
    assert "with your extra time of 3 days" in bob
    assert "extra time" not in chen
    assert "23 h 59 min left." in chen
    for page in (bob, chen):
        assert "Cells &lt;1&gt;" in page
        assert "Room &lt;b&gt;204&lt;/b&gt;" in page
        assert "Europe/Vienna" in page
        assert "?profile=small" in page
        assert "zoe" not in page
        assert "ada" not in page
    assert "b+ob" not in chen
    say_courses(app, course(profile=""))
    chen = app.browser_of("chen", PASSWORD).visit("homeroom/courses/biology").text
    assert 'href="/hub/spawn/chen">Open your lab<' in chen, "also where the course has no profile"
    home = app.browser_of("chen", PASSWORD).visit("home").text
    assert "Biology &amp; more" in home
    assert "course-biology-students" not in home, "it stands among the courses"
    assert ">bio<" in home
    assert "Due next: Cells &lt;1&gt;" in home


def test_teachers_see_members_and_times(app: HubApp) -> None:
    """Everybody by role, who has not come yet, and who has more time; in German where the browser asks for it."""
    say_courses(app, course())
    ada = app.browser_of("ada", PASSWORD)
    page = ada.visit("homeroom/courses/biology").text
    assert "3 students" in page
    assert "b+ob, chen" in page
    assert "Not here yet: zoe" in page
    assert "b+ob: 3 days more" in page
    assert "b+ob: 3 Tage mehr" in ada.visit("homeroom/courses/biology", headers={"Accept-Language": "de"}).text


def test_teachers_find_the_page_that_makes_links(app: HubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where labs fetch repositories; nobody else needs it."""
    say_courses(app, course())
    page, link = "homeroom/courses/biology", "/hub/homeroom/git-link"
    ada, chen = (app.browser_of(name, PASSWORD) for name in ("ada", "chen"))
    for is_there in (False, True):
        monkeypatch.setitem(app.hub.tornado_settings["template_vars"], "git_links", is_there)
        assert (link in ada.visit(page).text) is is_there
        assert link not in chen.visit(page).text


def test_receipts_are_shown(app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was handed in at the desk is on the page with its code: of all for teachers, of a student their own. Without
    a desk that answers, the page is shown all the same."""
    say_courses(app, course())
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    monkeypatch.setattr(service, "KEEP_SECONDS", 0.02)
    for name in ("lab-1", "lab-2"):
        (tmp_path / "labs" / name).mkdir(parents=True)
    desk = begun(tmp_path)
    members = {"biology": {"b+ob": "students", "chen": "students"}}
    desk.tell(told(**{"members": members, "labs": {"lab-1": "b+ob", "lab-2": "chen"}, "graders": {}}))
    own = folder(tmp_path)
    codes = [hand_in.hand_in("biology", "week-1", own, desk.socket(name))["code"] for name in ("lab-1", "lab-2")]
    ada, chen = (app.browser_of(name, PASSWORD) for name in ("ada", "chen"))
    teachers, students = (each.visit("homeroom/courses/biology").text for each in (ada, chen))
    assert [code in teachers for code in codes] == [True, True]
    assert "by 2 people" in teachers
    assert [code in students for code in codes] == [False, True]
    desk.end()
    assert chen.visit("homeroom/courses/biology").status_code == 200


def test_teachers_see_how_far_collecting_and_grading_is(
    app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of those who handed in: whose last hand-in the grader lab has, who has points, and whom to look at by hand.
    A newer hand-in is to be collected again, also after the desk's restart. Students and observers see none of it."""
    roles = course()["roles"]
    roles["observers"]["people"] = ["olga"]
    say_courses(app, course(roles=roles))
    monkeypatch.setattr(desk_client, "SOCKET", tmp_path / "desk.sock")
    monkeypatch.setattr(service, "KEEP_SECONDS", 0.02)
    for name in ("lab-1", "lab-2", "lab-5"):
        (tmp_path / "labs" / name).mkdir(parents=True)
    desk = begun(tmp_path)
    members = {"biology": {"b+ob": "students", "chen": "students", "ada": "teachers"}}
    known = told(members=members, labs={"lab-1": "b+ob", "lab-2": "chen"}, graders={"lab-5": "biology"})
    ada = app.browser_of("ada", PASSWORD)

    def seen(who: Any = ada) -> str:
        return " ".join(re.sub("<[^>]+>", " ", who.visit("homeroom/courses/biology").text).split())

    try:
        desk.tell(known)
        assert "collected" not in seen()
        own = folder(tmp_path)
        codes = [hand_in.hand_in("biology", "week-1", own, desk.socket(name))["code"] for name in ("lab-1", "lab-2")]
        assert "by 2 people 0 collected 0 graded" in seen()
        for code in codes:
            assert desk.asked("lab-5", "GET", f"/hand-ins/{code}")[0] == 200
        score = {"points": 1.0, "penalty": 0.0, "late": False}
        scores = [
            {"student": "b-2bob", "needs_grading": True, **score},
            {"student": "chen", "needs_grading": False, **score},
        ]
        sent = {"assignments": [{"name": "week-1", "maximum": 3.0, "scores": scores}]}
        assert desk.asked("lab-5", "POST", "/grades", json.dumps(sent).encode())[0] == 200
        assert "by 2 people 2 collected 2 graded (1 to be looked at by hand)" in seen()
        scores[0]["not_run"] = "damaged"
        assert desk.asked("lab-5", "POST", "/grades", json.dumps(sent).encode())[0] == 200
        assert "by 2 people 2 collected 1 graded 1 could not be run: a notebook is damaged" in seen()
        table = " ".join(re.sub("<[^>]+>", " ", ada.visit("homeroom/courses/biology/grades").text).split())
        assert "1 hand-in could not be run" in table
        assert "could not be run: a notebook is damaged" in table
        assert "by hand" not in table
        scores[0]["not_run"] = ""
        assert desk.asked("lab-5", "POST", "/grades", json.dumps(sent).encode())[0] == 200
        hand_in.hand_in("biology", "week-1", own, desk.socket("lab-1"))
        desk.end()
        desk = begun(tmp_path)
        desk.tell(known)
        assert "by 2 people 1 collected 2 graded" in seen()
        assert (
            "noch von Hand anzusehen" in ada.visit("homeroom/courses/biology", headers={"Accept-Language": "de"}).text
        )
        for name in ("chen", "olga"):
            assert "collected" not in seen(app.browser_of(name, PASSWORD))
    finally:
        desk.end()


def test_grades_are_for_those_who_grade(app: HubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Teachers and assistants have the table, with what is late and what is still to be graded, and the same as CSV;
    observers and students do not. A student has their own grade on the course's page, once its feedback is out."""

    def scores(**points: float) -> dict[str, Any]:
        plain = {"penalty": 1.0, "late": True, "needs_grading": True}
        return {"b+ob" if who == "bob" else who: {"points": number, **plain} for who, number in points.items()}

    async def grades(_: str) -> Any:
        return {"at": 0, "assignments": [{"name": "week-1", "maximum": 10.0, "scores": scores(bob=7.25, chen=3)}]}

    async def given_out(_: str) -> Any:
        out = [{"assignment": "week-1", "person": "chen", "code": "x", "at": 0}]
        return {"released": {"out": [], "waiting": []}, "feedback": {"out": out, "waiting": []}}

    monkeypatch.setattr(desk_client, "grades", grades)
    monkeypatch.setattr(desk_client, "given_out", given_out)
    roles = course()["roles"]
    roles["assistants"]["people"], roles["observers"]["people"] = ["bela"], ["olga"]
    say_courses(app, course(roles=roles))
    for name, may in {"ada": True, "bela": True, "olga": False, "chen": False}.items():
        browser = app.browser_of(name, PASSWORD)
        table, file = (browser.visit(f"homeroom/courses/biology/grades{end}") for end in ("", ".csv"))
        assert (name, table.status_code, file.status_code) == (name, *((200, 200) if may else (403, 403)))
        assert ("/homeroom/courses/biology/grades" in browser.visit("homeroom/courses/biology").text) is may
        assert ("7.25" in table.text, "b+ob,,7.25,7.25\r\n" in file.text) == (may, may)
    page = app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology/grades").text
    assert "2 hand-ins are still to be graded by hand" in page
    assert "1970-01-01 01:00" in page
    assert "1 less" in page
    german = app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology/grades", headers={"Accept-Language": "de"})
    assert ("7,25" in german.text, "7.25" in german.text) == (True, False)
    assert "Grade: 3 of 10" in app.browser_of("chen", PASSWORD).visit("homeroom/courses/biology").text
    assert "Grade:" not in app.browser_of("b+ob", PASSWORD).visit("homeroom/courses/biology").text
    admin = app.browser_of("admin", PASSWORD)
    assert [admin.visit(f"homeroom/courses/biology/grades{end}").status_code for end in ("", ".csv")] == [404, 404]


def test_who_is_out_sees_nothing(app: HubApp) -> None:
    """Out of the group, the page is gone at the hub's next look, with the same browser."""
    say_courses(app, course())
    chen = app.browser_of("chen", PASSWORD)
    assert chen.visit("homeroom/courses/biology").status_code == 200
    put(app, "bio")
    assert chen.visit("homeroom/courses/biology").status_code == 404
    put(app, "bio", "chen")


def test_a_newcomer_is_in_before_their_lab(app: HubApp) -> None:
    """Somebody whom a course names is in it as soon as they have signed in for the first time."""
    say_courses(app, course())

    def join() -> list[str]:
        app.hub.db.add(UserInfo(username="zoe", password=hashed(PASSWORD), is_authorized=True))
        app.hub.db.commit()
        return []

    app.do(join)
    assert app.browser_of("zoe", PASSWORD).visit("homeroom/courses/biology").status_code == 200
    assert MARK in app.do(lambda: dict(orm.Group.find(app.hub.db, "course-biology-students").properties))


def test_the_grader_lab_is_for_who_grades(app: HubApp) -> None:
    """Each course has a lab in which it is graded, from the look at which it is there: teachers and assistants have its
    button and may start and enter it, students, observers and administrators of the hub have neither. It goes with the
    course, and is entered by nobody then."""

    def may_enter(name: str) -> bool:
        found = app.do(lambda: get_scopes_for(orm.User.find(app.hub.db, name)))
        return "access:servers!user=grader-biology" in found

    roles = course()["roles"]
    roles["assistants"]["people"], roles["observers"]["people"] = ["bela"], ["olga"]
    say_courses(app, course(roles=roles))
    for name, grades in {"ada": True, "bela": True, "olga": False, "chen": False}.items():
        page = app.browser_of(name, PASSWORD).visit("homeroom/courses/biology")
        assert (name, "/hub/spawn/grader-biology?next=%2Fuser%2Fgrader-biology%2Fformgrader" in page.text) == (
            name,
            grades,
        )
        assert may_enter(name) is grades
    assert members(app, "course-biology-graders") == ["grader-biology"]
    assert members(app, "course-biology-teachers") == ["ada"]
    assert (
        "grader-biology" not in app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology").text.split("<dl>")[1]
    )
    say_courses(app, course())
    assert not may_enter("bela"), "who assists no more is out"
    say_courses(app)
    assert not may_enter("ada")
    assert members(app, "course-biology-graders") is None


def test_who_waits_for_the_grader_lab_is_nobody_else(app: HubApp) -> None:
    """The page of a grader lab that starts names nobody as signed in, since the lab's user is nobody, and its button to
    cancel would be about one's own lab; that of one's own lab has both."""
    say_courses(app, course())
    pages = {}
    for name in ("grader-biology", "ada"):

        def pending(now: bool, name: str = name) -> None:
            app.hub.users[orm.User.find(app.hub.db, name).id].spawner._spawn_pending = now

        app.do(pending, True)
        try:
            pages[name] = app.browser_of("ada", PASSWORD).visit(f"spawn-pending/{name}").text
        finally:
            app.do(pending, False)
    words = ("The lab is starting", "Your lab is starting", 'id="logout"', "Cancel the start")
    assert [each in pages["grader-biology"] for each in words] == [True, False, False, False]
    assert [each in pages["ada"] for each in words] == [False, True, True, True]


def test_a_lab_has_the_role_of_whose_it_is(app: HubApp) -> None:
    """What nbgrader shows in a lab is decided by the hub: of a course's students, of its grader lab, of nobody else."""
    say_courses(app, course())

    def role(name: str) -> str:
        return str(
            app.do(lambda: lab_role(Person(name=name, hub_groups=frozenset(each.name for each in groups(name)))))
        )

    def groups(name: str) -> list[Any]:
        return list(orm.User.find(app.hub.db, name).groups)

    assert {name: role(name) for name in ("chen", "b+ob", "ada", "olga", "grader-biology")} == {
        "chen": "student",
        "b+ob": "student",
        "ada": "",
        "olga": "",
        "grader-biology": "grader",
    }
    say_courses(app)
    assert role("grader-biology") == role("chen") == ""
