"""Exams that are made, moved and taken out on the settings page of a course, and what is refused while one goes on."""

from __future__ import annotations

import html
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from homeroom.courses import desk_client
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import records as sat
from homeroom.courses.exams.watch import take_up
from homeroom.courses.made import edit, exams, form
from homeroom.courses.made.edit import Editor
from homeroom.courses.made.exams import Sat, Sittings
from homeroom.exam_labs import exam_lab

from tests.hub_app import Browser, HubApp
from tests.unit.courses.hub import course_hub, forget_courses, say_courses
from tests.unit.courses.test_made_pages import PASSWORD, change, kept, make, said_of
from tests.unit.courses.test_made_rules import ZONE, said_of_file

PEOPLE = ("ada", "bela", "chen", "b+ob", "olga", "admin")
COURSE = "algae"
KEY = "0f" * 32
HOUR = 3600


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with some people, of whom administrators make courses."""
    with course_hub(tmp_path_factory.mktemp("hub"), *PEOPLE, password=PASSWORD) as made:
        say_courses(made)
        yield made
    exam_lab.know([])


@pytest.fixture
def browser(app: HubApp) -> Iterator[Browser]:
    """The browser of ada, who teaches a course of chen and b+ob."""
    admin, _ = make(app, "admin", COURSE, teachers="ada")
    change(admin, "members", COURSE, people_teachers="ada", people_students="chen\nb+ob")
    yield app.browser_of("ada", PASSWORD)
    app.do(forget_courses, app, sat.ExamSitting)
    exam_lab.know([])


def at(seconds: float) -> str:
    """So many seconds from now, as a form has it."""
    return datetime.fromtimestamp(time.time() + seconds, ZONE).strftime("%Y-%m-%dT%H:%M")


def final(begins_in: float = 24 * HOUR, /, **changes: str) -> dict[str, str]:
    """An exam as it is typed."""
    fields = {
        "name": "final",
        "title": "The <final>",
        "opens": at(begins_in),
        "minutes": "90",
        "extra_time": "b+ob 30m",
    }
    return {**fields, "profile": "", "network": "none", "browser_keys": "", **changes}


def hold(app: HubApp, *, opens: float, entered: bool = False) -> dict[str, Any]:
    """Move the exam of the course there, past the page, and have the hub look; returns it."""

    def move() -> None:
        from homeroom.courses.made import records

        found = records.kept(app.hub.db, COURSE)
        assert found is not None
        (one,) = found.values["exams"]
        one["opens"] = int(time.time() + opens) // 60 * 60
        records.keep(app.hub.db, COURSE, found.values, "ada", seen=found.version)
        if entered:
            sat.sitting(app.hub.db, COURSE, "final", "chen").entered_at = 1
        app.hub.db.commit()
        take_up(app.hub.config, app.hub.db)

    app.do(move)
    (one,) = kept(app, COURSE)["exams"]
    return dict(one)


def test_an_exam_comes_moves_and_goes(app: HubApp, browser: Browser) -> None:
    """Whatever reads exams has it without a restart: students' labs, their page, that of whoever invigilates. What is
    not changed stays as it was."""
    answer = change(browser, "new-exam", COURSE, **final(browser_keys=f"{KEY.upper()}\n{KEY}"))
    assert "Saved" in answer.text
    (one,) = kept(app, COURSE)["exams"]
    assert {**one, "opens": 0} == {
        "name": "final",
        "title": "The <final>",
        "opens": 0,
        "seconds": 5400,
        "extra_seconds": {"b+ob": 1800},
        "profile": "",
        "network": "none",
        "start_files": "",
        "browser_keys": [KEY],
    }
    app.do(take_up, app.hub.config, app.hub.db)
    labs = {lab.person: lab for lab in exam_lab.of_other_courses("")}
    assert set(labs) == {"chen", "b+ob"}
    assert labs["b+ob"].ends_at - labs["chen"].ends_at == 1800
    assert "The &lt;final&gt;" in browser.visit(f"homeroom/exams/{COURSE}/final").text
    assert "It begins in" in app.browser_of("chen", PASSWORD).visit(f"homeroom/exams/{COURSE}/final").text
    moved = final(48 * HOUR, extra_time="", browser_keys=KEY)
    assert "Saved" in change(browser, "exam", COURSE, target="final", **moved).text
    (now,) = kept(app, COURSE)["exams"]
    assert now == {**one, "opens": now["opens"], "extra_seconds": {}}
    assert now["opens"] - one["opens"] == 24 * HOUR
    assert "Saved" in change(browser, "remove-exam", COURSE, target="final").text
    app.do(take_up, app.hub.config, app.hub.db)
    assert exam_lab.of_other_courses("") == []
    assert browser.visit(f"homeroom/exams/{COURSE}/final").status_code == 404


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "week-1"}, "week-1 is the name of an assignment or exam, too"),
        ({"name": "a+b"}, "letters, digits and . _ -"),
        ({"opens": ""}, "is not a day with a time such as 2026-12-14 10:00"),
        ({"opens": "2026-12-14"}, "is not a day with a time such as 2026-12-14 10:00"),
        ({"minutes": "0"}, "not within 1 and 1440"),
        ({"minutes": "long"}, "not a whole number"),
        ({"extra_time": "olga 30m"}, "olga is no student of algae"),
        ({"profile": "gpu"}, "There is no profile gpu that you can take"),
        ({"browser_keys": "0f3c"}, "64 digits and letters a to f"),
        ({"opens": "2026-01-14 10:00"}, "This time is over"),
    ],
)
def test_a_slip_is_told_at_its_field(app: HubApp, browser: Browser, fields: dict[str, str], words: str) -> None:
    """Nothing is changed, and what was typed stays in the form, which is open."""
    change(browser, "new-assignment", COURSE, name="week-1", due="2026-10-12 23:59")
    answer = change(browser, "new-exam", COURSE, **final(**fields))
    assert answer.status_code == 400
    assert words in said_of(answer)
    assert 'id="exam-new" open' in answer.text
    (field,) = fields
    mark = {"extra_time": "extra", "browser_keys": "keys"}.get(field, field)
    assert f'id="exam-new-{mark}-wrong"><div>' in answer.text
    assert kept(app, COURSE)["exams"] == []


def test_one_that_goes_on_is_only_made_longer(app: HubApp, browser: Browser) -> None:
    """It is not taken out, moved or shortened, nobody's extra time goes, its network and its browsers stay, and nobody
    who sits it is taken out of the course; longer it can be made, with the words why not for all else."""
    change(browser, "new-exam", COURSE, **final(browser_keys=KEY))
    one = hold(app, opens=-HOUR)
    same = final(browser_keys=KEY, opens=at(one["opens"] - time.time() + 1))
    for fields, words in (
        ({"opens": at(HOUR)}, "its beginning stays"),
        ({"opens": at(-2 * HOUR)}, "its beginning stays"),
        ({"minutes": "60"}, "is made longer only"),
        ({"extra_time": "b+ob 10m"}, "b+ob counts on the extra time"),
        ({"extra_time": ""}, "b+ob counts on the extra time"),
        ({"network": "open"}, "its network stays"),
        ({"browser_keys": ""}, "none can go"),
    ):
        answer = change(browser, "exam", COURSE, target="final", **{**same, **fields})
        assert (answer.status_code, words in said_of(answer)) == (400, True), words
    answer = change(browser, "remove-exam", COURSE, target="final")
    assert (answer.status_code, "final goes on, so it stays" in said_of(answer)) == (400, True)
    answer = change(browser, "members", COURSE, people_teachers="ada", people_students="b+ob")
    assert (answer.status_code, "for chen it would be over at once" in said_of(answer)) == (400, True)
    listed = change(browser, "list", COURSE, list="olga", list_role="students", replace="yes")
    assert (listed.status_code, "it would be over at once" in said_of(listed)) == (400, True)
    assert kept(app, COURSE)["exams"] == [one]
    assert "This exam goes on" in browser.visit(f"homeroom/courses/{COURSE}/settings").text
    more = {**same, "minutes": "120", "extra_time": "b+ob 45m\nchen 5m", "browser_keys": f"{KEY} {'a1' * 32}"}
    assert "Saved" in change(browser, "exam", COURSE, target="final", **more).text
    people = {"people_teachers": "ada", "people_students": "chen\nb+ob\nolga"}
    assert "Saved" in change(browser, "members", COURSE, **people).text


def test_time_that_was_given_counts(app: HubApp, browser: Browser) -> None:
    """An exam that goes on only by the time that whoever invigilates has given goes on for the page, too."""
    change(browser, "new-exam", COURSE, **final(extra_time=""))
    hold(app, opens=-95 * 60)
    browser.fill_in(f"homeroom/exams/{COURSE}/final/people", person="", shown="0")
    answer = change(browser, "remove-exam", COURSE, target="final")
    assert (answer.status_code, "goes on, so it stays" in said_of(answer)) == (400, True)


def test_one_that_was_written_keeps_its_times(app: HubApp, browser: Browser) -> None:
    """Who enters it again would find what they had: so it gets no other time. One that nobody entered may be moved."""
    change(browser, "new-exam", COURSE, **final())
    hold(app, opens=-5 * HOUR, entered=True)
    answer = change(browser, "exam", COURSE, target="final", **final())
    assert (answer.status_code, "was written: its times stay" in said_of(answer)) == (400, True)
    app.do(lambda: app.hub.db.query(sat.ExamSitting).delete())
    app.do(app.hub.db.commit)
    assert "Saved" in change(browser, "exam", COURSE, target="final", **final()).text


def test_nobody_sits_two(app: HubApp, browser: Browser) -> None:
    """An exam at the time of one of another course is refused where the same person sits both, and told with who that
    is, also where that was made just now; another course's exam of others is none of its business."""
    admin, _ = make(app, "admin", "chem", teachers="bela")
    change(admin, "members", "chem", people_teachers="bela", people_students="chen")
    change(admin, "new-exam", "chem", **final(extra_time=""))
    answer = change(browser, "new-exam", COURSE, **final(24 * HOUR + 600))
    assert (answer.status_code, "is sat by chen." in said_of(answer)) == (400, True)
    change(admin, "members", "chem", people_teachers="bela", people_students="olga")
    assert "Saved" in change(browser, "new-exam", COURSE, **final(24 * HOUR + 600)).text


def test_what_everybody_begins_with_is_said(
    app: HubApp, browser: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once the grader lab has released it. The exam may be taken out all the same: what is released is closed then."""
    change(browser, "new-exam", COURSE, **final())

    async def given_out(_: str) -> dict[str, Any]:
        out = [{"assignment": "final", "listed": True}]
        return {"released": {"out": out, "waiting": []}, "feedback": {"out": [], "waiting": []}}

    monkeypatch.setattr(desk_client, "SOCKET", tmp_path)
    monkeypatch.setattr(desk_client, "given_out", given_out)
    begins_with = "Everybody begins with what the grader lab has released as final"
    assert begins_with in said_of(browser.visit(f"homeroom/courses/{COURSE}/settings"))
    assert "Saved" in change(browser, "remove-exam", COURSE, target="final").text


def test_the_kind_of_lab_is_that_of_the_course() -> None:
    """Where the exam says none."""
    course = {**form.new(), "profile": "small"}
    course["exams"] = [{"name": "final", "profile": ""}, {"name": "big", "profile": "large"}]
    assert [each["profile"] for each in form.as_told("life", course, {})["exams"]] == ["small", "large"]


FILE = {"name": "final", "opens": "2026-12-14 10:00", "minutes": "90"}


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ([{}], ""),
        ([{"extra_time": "chen 30m", "network": "open", "browser_keys": KEY}], ""),
        ([{"name": "week-1"}], "week-1 is the name of an assignment"),
        ([{}, {"name": "Final", "opens": "2026-12-20 10:00"}], "exam Final is there twice"),
        ([{}, {"name": "other", "opens": "2026-12-14 11:00"}], "other begins before final is over"),
        ([{"opens": "2026-12-14"}], "is not a day with a time such as 2026-12-14 10:00"),
        ([{"opens": "2026-03-29 02:30"}], "no clock in Europe/Vienna shows this time, it is put forward then"),
        ([{"profile": "gpu"}], "there is no profile gpu"),
        ([{"extra_time": "olga 30m"}], "olga is no student of life"),
        ([{"extra_time": "chen 2w"}], "is not a time span such as 30m, 2h or 3d, a year at most"),
        ([{"browser_keys": "0f"}], "64 digits and letters a to f, as Safe Exam Browser's Exam pane shows the key"),
        ([{"opens": "2027-03-31 23:00"}], "the end of final is not before the course is archived, 2027-04-01"),
    ],
)
def test_the_same_is_said_of_file_and_page(tmp_path: Path, changed: list[dict[str, str]], cause: str) -> None:
    """A slip is one in both, in the same words; what is good is taken by both."""
    editor, sittings = Editor(zone=ZONE), Sittings(now=0)
    typed = [{**FILE, **each} for each in changed]
    course, _ = edit.members("life", form.new(), {"people_teachers": "ada", "people_students": "chen"}, editor)
    course, _ = edit.general("life", course, {"archive": "2027-04-01"}, editor)
    course, faults = edit.assignment("life", course, {"name": "week-1"}, editor)
    text = "courses:\n  - name: life\n    teachers: {people: [ada]}\n    students: {people: [chen]}\n"
    text += "    archive: 2027-04-01\n    assignments:\n      - name: week-1\n    exams:\n"
    for each in typed:
        course, more = exams.exam("life", course, each, editor, sittings)
        faults += more
        own = dict(each)
        extra, keys = own.pop("extra_time", ""), own.pop("browser_keys", "")
        lines = [f"{key}: {value}" for key, value in own.items()]
        lines += [f"extra_time: {{{extra.replace(' ', ': ')}}}"] if extra else []
        lines += [f'safe_exam_browser: ["{keys}"]'] if keys else []
        text += "      - " + "\n        ".join(lines) + "\n"
    said = [html.unescape(each.said.english()) for each in faults]
    if not cause:
        assert (said_of_file(tmp_path, text), said) == ("", [])
        return
    assert cause.casefold() in said_of_file(tmp_path, text).casefold()
    assert [each for each in said if cause.casefold() in each.casefold()], said


def test_the_clocks_of_two_exams_count_with_extra_time() -> None:
    """Who has more time in one sits it until then; who only meets its end may sit the next."""
    sat_there = (Sat("chen", 1000 * 60, 1100 * 60),)
    zone = ZoneInfo("UTC")
    course, _ = edit.members(
        "life", form.new(), {"people_teachers": "ada", "people_students": "chen"}, Editor(zone=zone)
    )
    typed = {"name": "final", "opens": "1970-01-01T15:10", "minutes": "90"}
    sittings = Sittings(now=0, elsewhere=sat_there)
    assert exams.exam("life", course, typed, Editor(zone=zone), sittings)[1] == []
    longer = {**typed, "extra_time": "chen 1m"}
    (fault,) = exams.exam("life", course, longer, Editor(zone=zone), sittings)[1]
    assert (fault.field, "chen" in str(fault.said)) == ("opens", True)


def test_courses_with_more_time_are_known() -> None:
    """What the page goes by is what labs go by: with the time that was given."""
    found = Courses()
    exam = {"name": "final", "title": "", "opens": 100, "seconds": 60, "extra_seconds": {"chen": 5}}
    found.give_more({("life", "final"): {"": 10, "chen": 20}})
    found._file = {"zone": "UTC", "courses": []}
    found.give_made([form.as_told("life", {**form.new(), "exams": [{"profile": "", **exam}]}, {})], {"life": 1})
    assert found._known["life"].exams[0].ends_at_last == 100 + 60 + 10 + 25
