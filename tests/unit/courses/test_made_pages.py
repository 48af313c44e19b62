"""Courses that are made and changed on pages, at a hub of JupyterHub's own: who may, what holds afterwards, and what is
said of slips."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from homeroom.courses.courses_file import Courses
from homeroom.courses.made import form, records
from homeroom.courses.watch import look
from homeroom.records import events

from jupyterhub import orm
from tests.hub_app import XSRF, Browser, HubApp
from tests.unit.courses.hub import course_hub, forget_courses, say_courses

PASSWORD = "correct horse battery"
PEOPLE = ("ada", "bela", "chen", "b+ob", "olga", "admin")
VERSION = re.compile(r'name="version" value="(\d+)"')


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub whose lecturers make courses; ada and bela are such."""
    with course_hub(tmp_path_factory.mktemp("hub"), *PEOPLE, password=PASSWORD) as made:
        made.do(_fill, made)
        say_courses(made)
        Courses.instance(config=made.hub.config).makers = ["lecturers"]
        yield made


def _fill(app: HubApp) -> None:
    people = {name: orm.User.find(app.hub.db, name) for name in PEOPLE}
    for group, names in {"lecturers": ("ada", "bela"), "staff": ("olga",), "bio": ("ada", "chen")}.items():
        app.hub.db.add(orm.Group(name=group, users=[people[name] for name in names]))
    app.hub.db.add(orm.Group(name="course-by-hand-students"))
    app.hub.db.commit()


@pytest.fixture(autouse=True)
def none_left(app: HubApp) -> Iterator[None]:
    """No course is left of a test."""
    yield

    app.do(forget_courses, app)


def kept(app: HubApp, name: str = "life") -> dict[str, Any]:
    """A course as it is kept."""
    found = app.do(records.kept, app.hub.db, name)
    assert found is not None
    return dict(found.values)


def said_of(answer: requests.Response) -> str:
    """A page as it is read."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


def make(app: HubApp, who: str = "ada", name: str = "life", **fields: str) -> tuple[Browser, requests.Response]:
    """Somebody's browser, and what came of their making a course."""
    browser = app.browser_of(who, PASSWORD)
    return browser, browser.fill_in("homeroom/new-course", name=name, **{"title": "Life", "teachers": who, **fields})


def change(browser: Browser, do: str, name: str = "life", page: str = "", /, **fields: str) -> requests.Response:
    """Send one form of a course's settings.

    :param page: that was opened before; empty: it is opened now.
    """
    path = f"homeroom/courses/{name}/settings"
    page = page or browser.visit(path).text
    token, version = XSRF.search(page), VERSION.search(page)
    assert token, page[:300]
    assert version, page[:300]
    values = {"_xsrf": token[1], "version": version[1], "do": do, **fields}
    return browser.post(f"{browser.address}/{path}", data=values, timeout=30)


def test_a_course_is_made_and_holds_at_once(app: HubApp) -> None:
    """Who may make courses makes one with a name and a title, is its teacher, and sees its page with the next click;
    nothing was restarted, and it is on record."""
    browser, answer = make(app)
    assert answer.url.endswith("/homeroom/courses/life/settings")
    assert browser.visit("homeroom/courses/life").status_code == 200
    assert "Life" in browser.visit("home").text
    assert kept(app)["roles"]["teachers"]["people"] == ["ada"]
    noted = [json.loads(each.event) for each in app.do(events.waiting, app.hub.db)]
    assert [(each["who"], each["what"], each["why"]) for each in noted] == [("ada", "course-make", "course life")]


@pytest.mark.parametrize("who", ["chen", "olga"])
def test_others_make_none(app: HubApp, who: str) -> None:
    """Who is in no group that may is refused in words, by the page and by its form, and is offered nothing."""
    browser = app.browser_of(who, PASSWORD)
    assert browser.visit("homeroom/new-course").status_code == 403
    token = browser.cookies.get("_xsrf") or ""
    sent = {"name": "mine", "title": "", "teachers": who, "_xsrf": token}
    assert browser.post(f"{browser.address}/homeroom/new-course", data=sent, timeout=30).status_code == 403
    assert "new-course" not in browser.visit("home").text
    assert app.do(records.kept, app.hub.db, "mine") is None


def test_an_administrator_puts_others_in_charge(app: HubApp) -> None:
    """Administrators make courses always, also such as they do not teach; of these they change the settings, and see no
    page."""
    browser, answer = make(app, "admin", teachers="bela\nolga")
    assert answer.status_code == 200
    assert kept(app)["roles"]["teachers"]["people"] == ["bela", "olga"]
    assert browser.visit("homeroom/courses/life").status_code == 404
    assert "courses/life/settings" in browser.visit("homeroom/new-course").text
    people = {"people_teachers": "chen", "people_students": "b+ob"}
    assert change(browser, "members", **people).status_code == 200
    assert app.browser_of("chen", PASSWORD).visit("homeroom/courses/life").status_code == 200
    assert app.browser_of("bela", PASSWORD).visit("homeroom/courses/life").status_code == 404


@pytest.mark.parametrize("name", ["", "../x", "Bio", "-a", "x" * 33, "bio%00", "by-hand", "life"])
def test_a_name_that_cannot_be_is_told(app: HubApp, name: str) -> None:
    """Of a course that there is, one for which a group was made by hand, and what is no name. What was typed stays."""
    make(app)
    _, answer = make(app, "bela", name, title="Keep <me>")
    assert answer.status_code == 400
    assert "name" in said_of(answer)
    assert "Keep &lt;me&gt;" in answer.text
    assert kept(app)["roles"]["teachers"]["people"] == ["ada"]


def test_a_name_of_a_course_that_was_leads_nobody_to_its_hand_ins(app: HubApp) -> None:
    """The name of a course that is gone, whose grader's home and hand-ins may be there still, is nobody's to take."""
    make(app)

    def remove() -> None:
        found = records.kept(app.hub.db, "life")
        assert found is not None
        records.remove(app.hub.db, "life", seen=found.version)
        app.hub.db.commit()
        look(app.hub)

    app.do(remove)
    _, answer = make(app, "bela")
    assert (answer.status_code, "cannot be taken" in answer.text) == (400, True)


def test_members_are_changed_by_role(app: HubApp) -> None:
    """Who is named is in within the click, who is taken out is out; who changed what is on record."""
    browser, _ = make(app, name="mem")
    people = {"people_teachers": "ada", "people_students": "Chen\nb+ob, zoe", "groups_students": "bio"}
    answer = change(browser, "members", "mem", **people)
    assert "Saved" in answer.text
    assert kept(app, "mem")["roles"]["students"] == {"people": ["chen", "b+ob", "zoe"], "groups": ["bio"]}
    chen = app.browser_of("chen", PASSWORD)
    assert chen.visit("homeroom/courses/mem").status_code == 200
    change(browser, "members", "mem", people_teachers="ada", people_students="b+ob")
    assert chen.visit("homeroom/courses/mem").status_code == 404
    (*_, last) = [json.loads(each.event) for each in app.do(events.waiting, app.hub.db)]
    assert (last["who"], last["what"]) == ("ada", "course-change")
    assert last["why"] == "course mem: students -chen -zoe; groups of students -bio"


def test_only_teachers_change_a_course(app: HubApp) -> None:
    """Students and assistants are refused in words; who is not in it is told that there is none; without the form's
    token, as another website sends it, nothing is done."""
    browser, _ = make(app, name="own")
    people = {"people_teachers": "ada", "people_assistants": "bela", "people_students": "chen"}
    change(browser, "members", "own", **people)
    path = "homeroom/courses/own/settings"
    found = {name: app.browser_of(name, PASSWORD).visit(path).status_code for name in ("bela", "chen", "olga")}
    assert found == {"bela": 403, "chen": 403, "olga": 404}
    bela = app.browser_of("bela", PASSWORD)
    token = bela.cookies.get("_xsrf") or ""
    version = str(app.do(records.kept, app.hub.db, "own").version)
    forged = {"_xsrf": token, "version": version, "do": "course", "title": "Mine"}
    assert bela.post(f"{bela.address}/{path}", data=forged, timeout=30).status_code == 403
    values = {"version": version, "do": "course", "title": "Mine"}
    elsewhere = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}
    answer = browser.post(f"{browser.address}/{path}", data=values, headers=elsewhere, timeout=30)
    assert answer.status_code == 403
    assert kept(app, "own")["title"] == "Life"


def test_who_names_a_group_is_in_it(app: HubApp) -> None:
    """A course shows its members to its teachers, so they name groups that they are in themselves; administrators name
    any, and a group stays that they named. Groups of courses make no course."""
    browser, _ = make(app, name="grp")
    for group, words in {
        "staff": "You are not in the group",
        "nobodys": "There is no group",
        "course-grp-teachers": "no course is made of them",
    }.items():
        answer = change(browser, "members", "grp", people_teachers="ada", groups_students=group)
        assert (answer.status_code, words in said_of(answer)) == (400, True), group
    assert kept(app, "grp")["roles"]["students"]["groups"] == []
    admin = app.browser_of("admin", PASSWORD)
    change(admin, "members", "grp", people_teachers="ada", groups_students="staff")
    assert change(browser, "members", "grp", people_teachers="ada", groups_students="staff\nbio").status_code == 200
    assert kept(app, "grp")["roles"]["students"]["groups"] == ["staff", "bio"]


def test_an_older_page_changes_nothing(app: HubApp) -> None:
    """Of two who edit, the second one's page is refused in words, what they typed stays on it, and its link leads to
    the course as it is now."""
    browser, _ = make(app, name="two")
    change(browser, "members", "two", people_teachers="ada\nbela")
    bela = app.browser_of("bela", PASSWORD)
    older = bela.visit("homeroom/courses/two/settings").text
    change(browser, "course", "two", title="First")
    for _ in range(2):
        answer = change(bela, "course", "two", older, title="Second <b>")
        assert answer.status_code == 409
        assert "Somebody else changed this course meanwhile" in answer.text
        assert "Second &lt;b&gt;" in answer.text
        older = answer.text
    assert kept(app, "two")["title"] == "First"
    assert change(bela, "course", "two", title="Second").status_code == 200
    assert kept(app, "two")["title"] == "Second"


WEEK = {"name": "week-1", "title": "Cells", "opens": "2026-10-05T08:00", "due": "2026-10-12 23:59", "closes": ""}


def test_an_assignment_comes_and_goes(app: HubApp) -> None:
    """With its dates on the deployment's clocks and extra time by person; it is on the students' page at once. What is
    not changed stays to the second."""
    browser, _ = make(app, name="algae")
    change(browser, "members", "algae", people_teachers="ada", people_students="chen\nb+ob")
    new = {**WEEK, "closes": "2026-10-14", "late": "accept", "checks": "3", "extra_time": "b+ob 2d\nChen: 90m"}
    assert "Saved" in change(browser, "new-assignment", "algae", **new).text
    (one,) = kept(app, "algae")["assignments"]
    assert one == {
        "name": "week-1",
        "title": "Cells",
        "opens": 1791180000,
        "due": 1791842340,
        "closes": 1792015199,  # a day alone ends with its last second
        "late": "accept",
        "checks": 3,
        "extra_seconds": {"b+ob": 172_800, "chen": 5400},
    }
    assert "with your extra time of 2 days" in app.browser_of("b+ob", PASSWORD).visit("homeroom/courses/algae").text
    page = browser.visit("homeroom/courses/algae/settings").text
    assert 'value="2026-10-14T23:59"' in page
    assert "chen 90m" in page
    same = {**WEEK, "closes": "2026-10-14T23:59", "late": "accept", "checks": "3", "extra_time": "b+ob 2d"}
    change(browser, "assignment", "algae", target="week-1", **{**same, "name": "renamed"})
    (now,) = kept(app, "algae")["assignments"]
    assert now == {**one, "extra_seconds": {"b+ob": 172_800}}
    change(browser, "remove-assignment", "algae", target="week-1")
    assert kept(app, "algae")["assignments"] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"due": "soon"}, "is not a day with a time such as 2026-10-12 23:59"),
        ({"due": "2026-13-01T10:00"}, "is not a day with a time"),
        ({"opens": "2026-10-20T08:00"}, "Due of week-1 is before opens."),
        ({"closes": "2026-10-12T10:00"}, "Closes of week-1 is before due."),
        ({"opens": "2026-03-29T02:30"}, "No clock in Europe/Vienna shows this time"),
        ({"closes": "2026-10-14T10:00", "late": "refuse"}, "so closes never comes"),
        ({"name": "a+b"}, "letters, digits and . _ -"),
        ({"extra_time": "chen soon"}, "is not a time span such as 30m, 2h or 3d"),
        ({"extra_time": "chen 1d\nChen 3d"}, "chen is there twice"),
        ({"extra_time": "olga 2d"}, "olga is no student of slips"),
        ({"extra_time": "-rf 2d"}, "must be a user's name"),
        ({"checks": "101"}, "not within 0 and 100"),
        ({"title": "x" * 201}, "it may have 200 characters"),
    ],
)
def test_a_slip_is_told_at_its_field(app: HubApp, fields: dict[str, str], words: str) -> None:
    """Nothing is changed, and what was typed stays in the form, which is open."""
    browser, _ = make(app, name="slips")
    change(browser, "members", "slips", people_teachers="ada", people_students="chen")
    answer = change(browser, "new-assignment", "slips", **{**WEEK, **fields})
    assert answer.status_code == 400
    assert words in said_of(answer)
    (field,) = set(fields) - {"late"} if "late" not in fields else {"late"}
    field = {"opens": "due"}.get(field, field) if "before opens" in words else field
    marked = re.findall(r'id="work-new-(\w+)-wrong"><div>', answer.text)
    assert marked == [field.split("_")[0]]
    assert 'id="work-new" open' in answer.text
    assert kept(app, "slips")["assignments"] == []


def test_slips_of_members_are_told(app: HubApp) -> None:
    """A course without a teacher, somebody who is two things, and what is no user's name."""
    browser, _ = make(app, name="who")
    for fields, words in (
        ({"people_teachers": ""}, "who has no teacher"),
        ({"people_teachers": "ada", "people_students": "ada"}, "ada is among the teachers and the students of who"),
        ({"people_teachers": "ada", "people_students": "grader-bio"}, "must be a user's name"),
        ({"people_teachers": "ada", "people_students": "<script>"}, "'<script>' must be a user's name"),
        ({"people_teachers": "ada", "people_students": "chen\nKarl Heinz"}, "'karl heinz' must be a user's name"),
    ):
        answer = change(browser, "members", "who", **fields)
        assert (answer.status_code, words in said_of(answer)) == (400, True), words
        assert "<script>'" not in answer.text
    german = browser.get(
        f"{browser.address}/homeroom/courses/who/settings", headers={"Accept-Language": "de"}, timeout=30
    )
    assert "Mitglieder" in german.text


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"chen\nb+ob\n", ["olga", "chen", "b+ob"]),
        ("Name;E-Mail\r\nChen;c@x.org\r\n".encode("utf-16"), ["olga", "chen"]),
        ("﻿login,x\nchen,1\n".encode(), ["olga", "chen"]),
        ("chen\nmüller\n".encode("latin-1"), "Line 2: this is no text in UTF-8 or UTF-16"),
        (b"chen\n\nchen\n", "Line 3: chen is in line 1 already"),
        (b"chen\n=cmd|x\n", "Line 2: '=cmd|x' is no user name"),
        (b"\x00\x01", "This is no text"),
        (b"# nobody\n", "There is no name in it"),
    ],
    ids=["lines", "utf-16", "mark", "latin", "twice", "formula", "binary", "empty"],
)
def test_a_class_list_is_taken_in(app: HubApp, data: bytes, names: list[str] | str) -> None:
    """A file as spreadsheets write it, in whatever encoding; what is wrong is told with its line, and of a faulty list
    nothing is taken."""
    browser, _ = make(app, name="lst")
    change(browser, "members", "lst", people_teachers="ada", people_students="olga")
    page = browser.visit("homeroom/courses/lst/settings").text
    token, version = XSRF.search(page), VERSION.search(page)
    assert token
    assert version
    values = {"_xsrf": token[1], "version": version[1], "do": "list", "list_role": "students", "list": ""}
    sent = {"file": ("class.csv", data)}
    address = f"{browser.address}/homeroom/courses/lst/settings"
    answer = browser.post(address, data=values, files=sent, timeout=30)
    if isinstance(names, str):
        assert (answer.status_code, names in said_of(answer)) == (400, True), said_of(answer)
        names = ["olga"]
    assert kept(app, "lst")["roles"]["students"]["people"] == names
    if names == ["olga", "chen"]:
        change(browser, "list", "lst", list="b+ob", list_role="students", replace="yes")
        assert kept(app, "lst")["roles"]["students"]["people"] == ["b+ob"]


def test_the_course_itself_is_changed(app: HubApp) -> None:
    """Title, notice and days; what is typed is text, not HTML. A kind of lab is one that its teacher may take."""
    browser, _ = make(app, name="self")
    given = {"title": "A <b>\ncell", "notice": "Room\r\n204", "first_day": "2026-10-05", "last_day": "2027-01-29"}
    change(browser, "course", "self", **given, archive="2027-04-01", profile="")
    found = kept(app, "self")
    assert [found[field] for field in ("title", "notice", "first_day")] == ["A <b> cell", "Room\n204", "2026-10-05"]
    assert found["archive"] == 1806530400
    page = browser.visit("homeroom/courses/self").text
    assert "A &lt;b&gt; cell" in page
    for slip, words in (
        ({"last_day": "2026-10-01"}, "The last day is before the first, 2026-10-05"),
        ({"archive": "2027-01-29"}, "not after the last day"),
        ({"first_day": "tomorrow"}, "not a date such as 2026-10-05"),
        ({"profile": "gpu"}, "There is no profile gpu that you can take"),
        ({"notice": "x" * 2001}, "it may have 2000 characters"),
    ):
        answer = change(browser, "course", "self", **{**given, **slip})
        assert (answer.status_code, words in said_of(answer)) == (400, True), words
    assert kept(app, "self") == found


def test_a_course_of_the_file_is_shown_as_such(app: HubApp) -> None:
    """Its teacher is told where it is kept, and no form changes it, also where a page made a course of that name
    before: the file wins."""
    browser, _ = make(app, name="filed")
    page = browser.visit("homeroom/courses/filed/settings").text
    values = {**form.new(), "title": "From the file"}
    values["roles"]["teachers"]["people"] = ["ada"]
    say_courses(app, form.as_told("filed", values, {}))
    shown = browser.visit("homeroom/courses/filed/settings")
    assert "is kept in site/courses.yaml" in said_of(shown)
    assert "<textarea" not in shown.text
    assert change(browser, "course", "filed", page, title="Mine").status_code == 409
    assert "From the file" in browser.visit("homeroom/courses/filed").text
    assert kept(app, "filed")["title"] == "Life"
