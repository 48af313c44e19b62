"""The end of a course: archived, it is read alone; once its time is over it is nobody's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom.courses import desk_client
from homeroom.courses.course import Course
from homeroom_lab import desk as lab_desk
from homeroom_lab import hand_in as lab
from jupyterhub.scopes import get_scopes_for

from jupyterhub import orm
from tests.hub_app import HubApp
from tests.unit.courses.desk import HOUR, Desk, folder, tar, told
from tests.unit.courses.hub import course_hub, say_courses
from tests.unit.courses.test_course_pages import DAY, PASSWORD, PEOPLE, course, fill, members
from tests.unit.courses.test_courses_file import GOOD, loaded
from tests.unit.courses.test_courses_file import told as said_of


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with some people; chen is in the group bio."""
    with course_hub(tmp_path_factory.mktemp("hub"), *PEOPLE, password=PASSWORD) as made:
        made.do(fill, made)
        yield made


def enters(app: HubApp, name: str, lab_of: str) -> bool:
    """Whether somebody may start and enter a lab."""
    user = app.do(orm.User.find, app.hub.db, name)
    return f"access:servers!user={lab_of}" in app.do(get_scopes_for, user)


def test_the_days_are_told(tmp_path: Path) -> None:
    """Both days are taken; in a wrong order, or with something that is due after them, they are refused by line."""
    good = f"{GOOD}    archive: 2027-03-01\n    purge: 2028-03-01\n"
    (read,) = loaded(tmp_path, good)
    assert (str(read.course.archive), str(read.course.purge)) == ("2027-03-01", "2028-03-01")
    for days, words in (
        ("purge: 2028-03-01", "without having been archived"),
        ("archive: 2027-03-01\n    purge: 2027-03-01", "purge is not after archive"),
        ("archive: 2026-10-14", "closes of week-1 is not before the course is archived"),
        ("archive: 2027-03-01\n    term: {last_day: 2027-03-02}", "archive is not after the last day"),
        ("archive: soon", "archive"),
    ):
        said = said_of(tmp_path, f"{GOOD}    {days}\n")
        assert words in said
        assert "courses.yaml line" in said


def test_nothing_is_handed_in_to_an_archived_course(desk: Desk) -> None:
    """Not by somebody with extra time either, nor to what is released without being in the file; receipts stay."""
    now = int(time.time())
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    values = told()
    values["courses"][0]["archive"] = now - 1
    values["courses"][0]["assignments"][0]["extra_seconds"] = {"b+ob": 48 * HOUR}
    desk.tell(values)
    with pytest.raises(lab_desk.NotTaken, match="archived: nothing more is taken"):
        lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    assert len(desk.listed("lab-1", "/hand-ins")) == 1
    (implied,) = Course.from_json({**values["courses"][0], "assignments": []}).work(["week-2"])
    assert implied.times_of("b+ob").state(now) == "closed"


def test_members_of_an_archived_course_only_read(app: HubApp) -> None:
    """The page says since when and until when; nobody comes into the grader lab by the course, no button is there, and
    a click of an older page is refused."""
    say_courses(app, course())
    assert enters(app, "ada", "grader-biology")
    now = int(time.time())
    say_courses(app, course(archive=now - DAY, purge=now + 30 * DAY))
    browser = app.browser_of("ada", PASSWORD)
    page = browser.visit("homeroom/courses/biology").text
    day = time.strftime("%Y-%m-%d", time.localtime(now - DAY))[:7]
    assert f"archived since {day}" in page
    assert "removed for good" in page
    assert "grader-biology/formgrader" not in page
    assert "After the due date" not in page
    assert not enters(app, "ada", "grader-biology")
    refused = browser.fill_in(
        "change-password", "homeroom/courses/biology/release", what="assignment", assignment="week-1"
    )
    assert refused.status_code == 403
    assert "archived" in refused.text
    assert "archived" in browser.visit("home").text
    assert "archiviert" in browser.visit("homeroom/courses/biology", headers={"Accept-Language": "de"}).text
    assert members(app, "course-biology-students") == ["b+ob", "chen"]
    say_courses(app, course())
    assert enters(app, "ada", "grader-biology")


def test_a_course_whose_time_is_over_is_nobodys(app: HubApp) -> None:
    """Nobody is in it, and its lab is closed; with a clock that is put right it is there again."""
    now = int(time.time())
    say_courses(app, course(archive=now - 2 * DAY, purge=now - DAY))
    assert members(app, "course-biology-students") is None
    assert app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology").status_code == 404
    say_courses(app, course(archive=now - 2 * DAY, purge=now + DAY))
    assert members(app, "course-biology-students") == ["b+ob", "chen"]


def test_what_the_desk_keeps_of_a_course_goes(desk: Desk, tmp_path: Path) -> None:
    """What students did goes and the releases stay, or all of it; another course keeps everything, a removal that was
    cut off leaves nothing, and a name that leads elsewhere is none."""
    store = desk.root / "store"
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    assert desk.asked("lab-5", "PUT", "/released/week-1", tar(("week.ipynb", b"{}")))[0] == 201
    (receipt,) = desk.listed("lab-1", "/hand-ins")
    feedback = tar(("week.html", b"good"))
    assert desk.asked("lab-5", "PUT", f"/feedback/week-1/b-2bob?code={receipt['code']}", feedback)[0] == 201
    assert desk.asked("lab-5", "GET", f"/hand-ins/{receipt['code']}")[0] == 200
    (store / "physics/hand-ins").mkdir(parents=True)
    (store / "physics/hand-ins/other").write_text("x")
    assert desk_client.kept("")["courses"] == ["biology", "physics"]
    found = desk_client.kept("biology")
    assert (found["hand_ins"], found["people"], found["released"], found["feedback"]) == (1, 1, 1, 1)
    assert found["size_bytes"] > 0
    desk_client.remove("biology", "shell:root", everything=False)
    assert desk.listed("lab-1", "/hand-ins") == []
    assert [each["assignment"] for each in desk.listed("lab-1", "/released")] == ["week-1"]
    assert [path.name for path in (store / "biology").iterdir()] == ["released"]
    assert list((store / ".collected").iterdir()) == []
    lab.hand_in("biology", "week-1", folder(desk.root), desk.socket("lab-1"))
    desk_client.remove("biology", "shell:root", everything=True)
    desk_client.remove("biology", "shell:root", everything=True)
    assert desk.listed("lab-1", "/released") == []
    assert [path for path in desk.kept if not path.startswith(".")] == ["physics/hand-ins/other"]
    assert list((store / ".incoming").iterdir()) == []
    for name in ("..", "../etc", ".incoming", "physics/hand-ins"):
        with pytest.raises(desk_client.DeskAway, match="that is no course"):
            desk_client.remove(name, "shell:root", everything=True)
    assert (store / "physics/hand-ins/other").exists()
