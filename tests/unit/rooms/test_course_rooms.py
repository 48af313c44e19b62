"""Rooms that teachers make on the settings page of their course: who enters them, and what becomes of their files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeroom.courses.courses_file import Courses
from homeroom.rooms.rooms_file import Rooms
from homeroom.rooms.watch import look
from homeroom.shared_labs import shared_lab
from homeroom.spawner.lab import LabSpawner

from jupyterhub import orm
from tests.hub_app import Browser, HubApp
from tests.unit.courses.hub import course_hub, forget_courses, say_courses
from tests.unit.courses.test_made_pages import PASSWORD, change, kept, make, said_of

PEOPLE = ("ada", "bela", "chen", "olga", "admin")
ROOM = "room-life-lab"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with some people, whose labs can be worked in by several at once."""
    directory = tmp_path_factory.mktemp("hub")
    with course_hub(directory, *PEOPLE, password=PASSWORD) as made:
        made.hub.config.Rooms.path = str(directory / "rooms.json")
        made.hub.config.Rooms.with_collaboration = True
        yield made
    shared_lab.know("room-", ())
    Rooms.clear_instance()


@pytest.fixture
def ada(app: HubApp) -> Iterator[Browser]:
    """The browser of ada, who teaches a course that chen takes; the file has a room of olga's."""
    for each in (Rooms, Courses):
        each.clear_instance()
    file = {"name": "life-study", "title": "Study", "people": ["olga"], "hub_groups": [], "courses": []}
    Path(app.hub.config.Rooms.path).write_text(json.dumps({"rooms": [{**file, "is_public": False, "profile": ""}]}))
    say_courses(app)
    app.do(look, app.hub)
    admin, _ = make(app, "admin", teachers="ada")
    change(admin, "members", people_teachers="ada", people_students="chen")
    yield app.browser_of("ada", PASSWORD)
    app.do(forget, app)


def forget(app: HubApp) -> None:
    """Forget courses and rooms, and that there were some."""
    forget_courses(app)
    Path(app.hub.config.Rooms.path).write_text('{"rooms": []}')
    look(app.hub)
    for (name,) in app.hub.db.query(orm.User.name).filter(orm.User.name.startswith("room-")).all():
        app.hub.users.delete(name)


def inside(app: HubApp, name: str = ROOM) -> set[str] | None:
    """Who may enter a room; None: nobody, it is closed."""

    def found() -> set[str] | None:
        group = orm.Group.find(app.hub.db, name)
        return None if group is None or not group.roles else {user.name for user in group.users}

    result: set[str] | None = app.do(found)
    return result


def test_a_room_is_made_and_entered_at_once(app: HubApp, ada: Browser) -> None:
    """All members of the course enter it, from the course's page and their home pages, and nobody else; who leaves the
    course is out, and its lab is as large as the course's."""
    assert "Saved" in change(ada, "new-room", name="lab", title="Group <1>").text
    assert inside(app) == {"ada", "chen"}
    chen = app.browser_of("chen", PASSWORD)
    for page in ("homeroom/courses/life", "home"):
        assert "Group &lt;1&gt;" in chen.visit(page).text, page
        assert f"/hub/spawn/{ROOM}?next=" in chen.visit(page).text, page
    assert "Group" not in app.browser_of("olga", PASSWORD).visit("home").text
    lab = shared_lab.of(ROOM)
    assert lab is not None
    assert (lab.entered_by, lab.role) == ((ROOM,), "room")
    change(ada, "members", people_teachers="ada", people_students="bela")
    app.do(look, app.hub)
    assert inside(app) == {"ada", "bela"}
    assert inside(app, "room-life-study") == {"olga"}


def test_no_room_is_shown_in_an_exam(app: HubApp, ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits one could not enter it: the course's page offers them none, as their home page does not."""
    assert "Saved" in change(ada, "new-room", name="lab", title="Group 1").text
    chen = app.browser_of("chen", PASSWORD)
    assert "Group 1" in chen.visit("homeroom/courses/life").text
    monkeypatch.setattr(LabSpawner, "sits_exam", True)
    assert "Group 1" not in chen.visit("homeroom/courses/life").text


def test_a_room_is_closed_and_keeps_its_files(app: HubApp, ada: Browser) -> None:
    """Nobody enters a closed one, and the page says where its files are; opened again it is the same one, so that they
    are there. Neither this course nor another makes one of its name anew."""
    change(ada, "new-room", name="lab")
    answer = change(ada, "close-room", target="lab")
    assert "Its files are kept in the home room-life-lab" in said_of(answer)
    assert inside(app) is None
    assert shared_lab.of(ROOM) is None
    assert app.do(lambda: orm.User.find(app.hub.db, ROOM)) is not None, "whose home it is"
    again = change(ada, "new-room", name="lab")
    assert (again.status_code, "perhaps a closed one" in said_of(again)) == (400, True)
    assert "Its files stay" in said_of(change(ada, "open-room", target="lab"))
    assert inside(app) == {"ada", "chen"}


def test_no_name_leads_to_another_rooms_files(app: HubApp, ada: Browser) -> None:
    """Nor one of the file, nor that of another course that comes to the same, closed or open, nor one that was."""

    def somebody() -> None:
        app.hub.db.add(orm.User(name="room-life-was"))
        app.hub.db.commit()

    app.do(somebody)
    admin, _ = make(app, "admin", "life-a", teachers="bela")
    change(admin, "new-room", "life-a", name="b")
    change(admin, "close-room", "life-a", target="b")
    for name in ("study", "a-b", "was"):
        answer = change(ada, "new-room", name=name)
        assert (answer.status_code, "cannot be taken" in said_of(answer)) == (400, True), name
    for name in ("", "-a", "A", "a/b", "x" * 25):
        answer = change(ada, "new-room", name=name)
        assert (answer.status_code, "must be small letters" in said_of(answer)) == (400, True), name
    assert kept(app)["rooms"] == []


def test_only_teachers_make_one(app: HubApp, ada: Browser) -> None:
    """A student is refused, and a kind of lab is one that its teacher may take."""
    page = ada.visit("homeroom/courses/life/settings").text
    chen = app.browser_of("chen", PASSWORD)
    version = page.partition('name="version" value="')[2].partition('"')[0]
    values = {"_xsrf": chen.cookies.get("_xsrf") or "", "version": version, "do": "new-room", "name": "mine"}
    assert chen.post(f"{chen.address}/homeroom/courses/life/settings", data=values, timeout=30).status_code == 403
    answer = change(ada, "new-room", name="lab", profile="gpu")
    assert (answer.status_code, "There is no profile gpu that you can take" in said_of(answer)) == (400, True)
    assert kept(app)["rooms"] == []


def test_what_the_operator_has_to_do_is_said(app: HubApp, ada: Browser) -> None:
    """Where labs cannot be worked in by several at once no room is made or opened, and the page says what to do; one
    that is open can be closed."""
    change(ada, "new-room", name="lab")
    Rooms.instance().with_collaboration = False
    words = "Whoever operates it adds collaboration to LAB_FEATURES in .env , and runs make up"
    assert words in said_of(ada.visit("homeroom/courses/life/settings"))
    answer = change(ada, "new-room", name="other")
    assert (answer.status_code, "adds collaboration to LAB_FEATURES" in said_of(answer)) == (400, True)
    assert "Saved" in change(ada, "close-room", target="lab").text
    assert change(ada, "open-room", target="lab").status_code == 400
    assert [each["is_open"] for each in kept(app)["rooms"]] == [False]


def test_a_course_that_ends_closes_its_rooms(app: HubApp, ada: Browser) -> None:
    """From the day on which it is archived; and the file's room counts, where both have one of a name."""
    change(ada, "new-room", name="lab")
    change(ada, "course", title="Life", archive="2020-01-01")
    app.do(look, app.hub)
    assert inside(app) is None
    change(ada, "course", title="Life")
    app.do(look, app.hub)
    assert inside(app) == {"ada", "chen"}
    rooms = Rooms.instance()
    values: dict[str, Any] = json.loads(Path(rooms.path).read_text())
    values["rooms"][0]["name"] = "life-lab"
    Path(rooms.path).write_text(json.dumps(values))
    app.do(look, app.hub)
    assert inside(app) == {"olga"}


def test_nobody_is_out_before_courses_were_read(app: HubApp, ada: Browser) -> None:
    """A hub that comes back and has not read the courses yet closes no room of theirs."""
    change(ada, "new-room", name="lab")
    for each in (Rooms, Courses):
        each.clear_instance()
    Path(app.hub.config.Courses.path).write_text("{")
    app.do(look, app.hub)
    assert inside(app) == {"ada", "chen"}
    assert shared_lab.of(ROOM) is not None
