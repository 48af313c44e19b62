"""Rooms at a hub of JupyterHub's own: who may enter, who is out, and what people see of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeroom.courses.courses_file import Courses
from homeroom.rooms.members import MARK
from homeroom.rooms.rooms_file import Rooms
from homeroom.rooms.watch import look
from homeroom.shared_labs import shared_lab

from jupyterhub import orm
from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

PEOPLE = ("admin", "ada", "bela", "chen")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[HubApp]:
    """A hub; chen is in the group bio."""
    Rooms.clear_instance()
    Courses.clear_instance()
    (tmp_path / "courses.json").write_text('{"zone": "UTC", "courses": []}')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        config = loaded(tmp_path, AUTH="dummy")
        config.Rooms.path = str(tmp_path / "rooms.json")
        config.Courses.path = str(tmp_path / "courses.json")
        with HubApp(tmp_path, config).running() as made:
            add_people(made, *PEOPLE[1:])
            made.do(fill, made)
            yield made
    shared_lab.know("room-", ())
    Rooms.clear_instance()
    Courses.clear_instance()


def fill(app: HubApp) -> None:
    """A group of the hub's own."""
    app.hub.db.add(orm.Group(name="bio", users=[orm.User.find(app.hub.db, "chen")]))
    app.hub.db.commit()


def room(name: str, **changes: Any) -> dict[str, Any]:
    """A room as it is rendered."""
    values = {"title": f"Room <{name}>", "people": [], "hub_groups": [], "courses": [], "is_public": False}
    return {"name": name, **values, "profile": "", **changes}


def tell(app: HubApp, *rooms: dict[str, Any], text: str = "") -> None:
    """Have the file say this, and the hub look."""
    path = Path(app.hub.config.Rooms.path)
    path.write_text(text or json.dumps({"rooms": list(rooms)}))
    app.do(look, app.hub)


def members(app: HubApp, name: str) -> set[str] | None:
    """Who is in a room's group; None: there is none."""

    def found() -> set[str] | None:
        group = orm.Group.find(app.hub.db, f"room-{name}")
        return None if group is None else {user.name for user in group.users}

    result: set[str] | None = app.do(found)
    return result


def home_of(app: HubApp, name: str) -> str:
    """Somebody's home page."""
    browser = app.browser()
    browser.sign_in(name, "any")
    return browser.visit("home").text


def test_who_may_enter_is_kept_as_the_file_says(app: HubApp) -> None:
    """Everybody, people by name, members of groups; who left is out, also who was added by hand; no room is its own
    visitor."""
    tell(app, room("all", is_public=True), room("own", people=["ada", "zoe"]), room("bio", hub_groups=["bio"]))
    assert members(app, "all") == set(PEOPLE)
    assert members(app, "own") == {"ada"}
    assert members(app, "bio") == {"chen"}
    app.do(lambda: orm.Group.find(app.hub.db, "room-own").users.append(orm.User.find(app.hub.db, "bela")))
    tell(app, room("all", is_public=True), room("own", people=["ada"]))
    assert members(app, "own") == {"ada"}
    assert members(app, "bio") is None


def test_the_right_to_enter_goes_with_the_room(app: HubApp) -> None:
    """Each room's user, and the role that its group holds, are there as long as the room is."""
    tell(app, room("own", people=["ada"]))
    lab = shared_lab.of("room-own")
    assert lab is not None
    assert (lab.entered_by, lab.role) == (("room-own",), "room")
    roles = app.do(lambda: [role.name for role in orm.Group.find(app.hub.db, "room-own").roles])
    assert len(roles) == 1
    tell(app)
    assert shared_lab.of("room-own") is None


def test_who_waits_for_a_room_reads_which(app: HubApp) -> None:
    """The pages of a room that starts, does not run or did not start name it, call it nobody's own, and nobody as
    signed in who is nobody."""
    tell(app, room("all", is_public=True))
    browser = app.browser()
    browser.sign_in("ada", "any")

    def pending(now: bool) -> None:
        app.hub.users[orm.User.find(app.hub.db, "room-all").id].spawner._spawn_pending = now

    stopped = browser.visit("spawn-pending/room-all").text
    app.do(pending, True)
    try:
        starts = browser.visit("spawn-pending/room-all").text
    finally:
        app.do(pending, False)
    assert "<h1>Room &lt;all&gt; is starting</h1>" in starts
    assert "<h1>Room &lt;all&gt; is not running</h1>" in stopped
    assert "Start the lab" in stopped
    for page in (starts, stopped):
        assert "our lab" not in page.partition("<main")[2].partition("<script")[0]
        assert 'id="logout"' not in page


def test_people_see_the_rooms_that_they_may_enter(app: HubApp) -> None:
    """On their home page, with a way in; no others."""
    tell(app, room("all", is_public=True), room("own", people=["ada"]))
    ada, bela = home_of(app, "ada"), home_of(app, "bela")
    assert "Room &lt;own&gt;" in ada
    assert "/hub/spawn/room-own?next=%2Fuser%2Froom-own%2Flab" in ada
    assert ("Room &lt;all&gt;" in bela, "room-own" in bela) == (True, False)


def test_a_newcomer_finds_their_rooms_at_once(app: HubApp) -> None:
    """They are in before the next look."""
    tell(app, room("all", is_public=True))
    assert "Room &lt;all&gt;" in home_of(app, "zoe")


def test_a_damaged_file_puts_nobody_out(app: HubApp) -> None:
    """The last rooms count."""
    tell(app, room("own", people=["ada"]))
    tell(app, text="{")
    assert members(app, "own") == {"ada"}


def test_a_group_that_an_administrator_made_stays(app: HubApp) -> None:
    """However it is called."""
    app.do(made_by_hand, app)
    tell(app, room("own", people=["ada"]))
    tell(app)
    assert members(app, "by-hand") == set()
    assert members(app, "own") is None


def made_by_hand(app: HubApp) -> None:
    """A group with a room's kind of name."""
    app.hub.db.add(orm.Group(name="room-by-hand", properties={}))
    app.hub.db.commit()
    assert MARK not in orm.Group.find(app.hub.db, "room-by-hand").properties
