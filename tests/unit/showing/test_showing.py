"""Students show their labs to a tutor, at a hub of JupyterHub's own: to whom, how it ends, and who does not come in."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from homeroom.courses.courses_file import Courses
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab
from homeroom.records.events import WaitingEvent
from homeroom.showing import pages, person, records, rights, show, stamp
from homeroom.showing.show import Show
from homeroom.showing.watch import ShowingWatch
from homeroom.sign_in.identities import KnownIdentity
from homeroom_lab.shown import ShownWatch

from generator.core.errors import HomeroomError
from generator.topics.showing import checks
from jupyterhub import orm, scopes
from tests.hub_app import Browser, HubApp
from tests.sample_settings import settings
from tests.unit.courses.hub import course_hub, say_courses
from tests.unit.courses.test_course_pages import course

PASSWORD = "correct horse battery"
PEOPLE = ("ada", "bela", "chen", "dora", "olga", "admin")
ENTER = "access:servers!server=chen/"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub: ada teaches biology, bela assists, olga observes, chen and dora take it; chen's and ada's labs run."""
    directory = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stamp, "HUB", directory)
        patch.setattr(stamp.touch, "__defaults__", (directory,))

        async def does(*_: Any) -> bool:
            return True

        patch.setattr(pages, "closes_what_is_open", does)
        with course_hub(directory, *PEOPLE, password=PASSWORD) as made:
            say(made)
            for name in ("chen", "ada"):
                made.do(run_lab, made, name)
            Show.instance(config=made.hub.config).minutes = 60
            yield made
    Show.clear_instance()
    exam_lab.know([])


@pytest.fixture(autouse=True)
def _nothing_shown(app: HubApp) -> Iterator[None]:
    yield
    exam_lab.know([])
    Show.instance().minutes = 60
    app.do(forget, app)


def forget(app: HubApp) -> None:
    """End what goes on."""
    for each in app.hub.db.query(records.Showing):
        show.end(app.hub.db, each.owner, each.tutor, "stopped")


def say(app: HubApp, **people: list[str]) -> None:
    """Have the course have these people in a role, beside those that it begins with."""
    roles = course()["roles"]
    named = {"teachers": ["ada"], "assistants": ["bela"], "observers": ["olga"], "students": ["chen", "dora"]} | people
    for role, names in named.items():
        roles[role] = {"people": names, "hub_groups": []}
    say_courses(app, course(roles=roles), zone="UTC")


def run_lab(app: HubApp, name: str) -> None:
    """Have somebody's lab run, as the hub sees it."""
    db, spawner = app.hub.db, app.hub.users[name].spawner
    spawner.orm_spawner.server = orm.Server(ip="x", port=1, base_url=f"/user/{name}/", cookie_name="x")
    client = app.hub.oauth_provider.add_client(f"jupyterhub-user-{name}", "secret", f"/user/{name}/oauth_callback")
    spawner.orm_spawner.oauth_client = client
    spawner.orm_spawner.started = orm.utcnow()
    db.commit()


def let_in(browser: Browser, tutor: str = "biology:bela", minutes: str = "60") -> int:
    """Ask for it; the answer's status."""
    return send(browser, tutor=tutor, minutes=minutes)


def send(browser: Browser, **fields: str) -> int:
    """Send a form of the home page, whether it is there or not; the answer's status."""
    browser.visit("home")
    tokens = [each for each in browser.cookies if each.name == "_xsrf" and each.path.endswith("/hub/")]
    data = {**fields, "_xsrf": tokens[-1].value}
    return browser.post(f"{browser.address}/homeroom/show", data=data, timeout=30).status_code


def enters(app: HubApp, name: str) -> bool:
    """Whether somebody may enter chen's lab, as JupyterHub decides it."""

    def ask() -> bool:
        app.hub.db.expire_all()
        return ENTER in scopes.get_scopes_for(orm.User.find(app.hub.db, name))

    found: bool = app.do(ask)
    return found


def watching(app: HubApp) -> ShowingWatch:
    """A hub that has just been started."""
    made: ShowingWatch = app.do(ShowingWatch, app.hub)
    return made


def noted(app: HubApp) -> list[tuple[str, str, str]]:
    """What the records of people are to have: who, what and why."""
    found: list[str] = app.do(lambda: [each.event for each in app.hub.db.query(WaitingEvent)])
    events = [json.loads(each) for each in found]
    return [(each["who"], each["what"], each["why"]) for each in events if each["what"].startswith("lab-show")]


def test_a_tutor_is_let_in_and_put_out(app: HubApp) -> None:
    """The home pages of both say so; nobody else comes in; the owner ends it at once. All of it is in the records."""
    chen = app.browser_of("chen", PASSWORD)
    assert not enters(app, "bela")
    assert let_in(chen) == 200
    assert enters(app, "bela")
    assert not any(enters(app, name) for name in ("ada", "dora", "olga"))
    assert "bela may be in your lab" in chen.visit("home").text
    bela = app.browser_of("bela", PASSWORD)
    assert "Open the lab of chen" in bela.visit("home").text
    assert "Open the lab of chen" not in app.browser_of("ada", PASSWORD).visit("home").text
    assert let_in(chen, "biology:ada") == 409  # one at a time
    app.do(give_session, app, "bela")
    assert send(chen, end="1") == 200
    assert not enters(app, "bela")
    assert app.do(lambda: app.hub.db.query(orm.APIToken).filter_by(client_id="jupyterhub-user-chen").count()) == 0
    assert "Open the lab of chen" not in bela.visit("home").text
    assert noted(app)[-2:] == [("chen", "lab-show", "60 min"), ("chen", "lab-show-end", "stopped")]


def give_session(app: HubApp, name: str) -> None:
    """Somebody has a session in chen's lab."""
    user = orm.User.find(app.hub.db, name)
    user.new_api_token(client_id="jupyterhub-user-chen", scopes=[ENTER])
    app.hub.db.commit()


@pytest.mark.parametrize(
    ("tutor", "minutes"),
    [
        ("biology:dora", "60"),
        ("biology:olga", "60"),
        ("biology:chen", "60"),
        ("biology:admin", "60"),
        ("botany:ada", "60"),
        (":ada", "60"),
        ("", "60"),
        ("biology:bela", "61"),
        ("biology:bela", "100000"),
        ("biology:bela", "-1"),
    ],
)
def test_nobody_else_is_let_in(app: HubApp, tutor: str, minutes: str) -> None:
    """Not a fellow student, an observer, an administrator, somebody of another course; nor for longer than one may."""
    chen = app.browser_of("chen", PASSWORD)
    assert let_in(chen, tutor, minutes) in (403, 409)
    assert app.do(rights.all_given, app.hub.db) == set()


def test_it_is_ones_own_lab_alone(app: HubApp) -> None:
    """A tutor shows nobody the student's lab, nor their own to students; where no lab runs, none is shown; another
    person's showing is not ended by a form, and a form of another website does nothing."""
    bela, dora = app.browser_of("bela", PASSWORD), app.browser_of("dora", PASSWORD)
    chen = app.browser_of("chen", PASSWORD)
    assert let_in(app.browser_of("ada", PASSWORD), "biology:chen") == 409
    assert let_in(dora) == 409
    assert let_in(chen) == 200
    send(dora, end="1")
    send(bela, end="1")
    assert enters(app, "bela")
    answer = chen.post(f"{chen.address}/homeroom/show", data={"end": "1"}, timeout=30)
    assert answer.status_code == 403
    assert enters(app, "bela")
    chen.visit("homeroom/show?end=1")
    assert enters(app, "bela")


def test_it_ends_by_itself(app: HubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock; by the time that passed, where the clock was set back, also by a hub that is started anew; a clock
    that is set forward ends it sooner."""
    chen = app.browser_of("chen", PASSWORD)
    let_in(chen, minutes="15")
    hub, now, real = watching(app), [0.0], time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + now[0])
    app.do(hub.look)
    assert enters(app, "bela")
    back = time.time() - 100_000
    monkeypatch.setattr(time, "time", lambda: back)
    now[0] = 600.0
    app.do(hub.look)
    again = watching(app)
    app.do(again.look)
    assert enters(app, "bela")
    now[0] = 890.0
    app.do(again.look)
    assert enters(app, "bela")
    now[0] = 910.0
    app.do(again.look)
    assert not enters(app, "bela")
    assert noted(app)[-1] == ("homeroom", "lab-show-end", "over")
    monkeypatch.undo()

    let_in(chen, minutes="15")
    ahead = time.time() + 901
    monkeypatch.setattr(time, "time", lambda: ahead)
    app.do(watching(app).look)
    assert not enters(app, "bela")


def test_it_ends_where_it_may_be_no_more(app: HubApp) -> None:
    """With the lab that was shown, with the tutor's role in the course or the student's, with an exam of either, and
    where it is switched off; each within a look."""
    chen = app.browser_of("chen", PASSWORD)
    hub = watching(app)

    def begin() -> None:
        assert let_in(chen) == 200
        app.do(hub.look)
        assert enters(app, "bela")

    def ended(why: str) -> bool:
        app.do(hub.look)
        return not enters(app, "bela") and noted(app)[-1] == ("homeroom", "lab-show-end", why)

    begin()
    app.do(run_lab, app, "chen")  # another one
    assert ended("lab ended")
    begin()
    say(app, assistants=[])
    assert ended("no tutor any more")
    say(app)
    begin()
    say(app, students=["dora"])
    assert ended("no tutor any more")
    say(app)
    for who in ("chen", "bela"):
        begin()
        exam_lab.know([exam(who)])
        assert ended("exam")
        assert let_in(chen) == 409
        exam_lab.know([])
    begin()
    Show.instance().minutes = 0
    assert ended("off")
    assert "Show your lab" not in chen.visit("home").text
    assert let_in(chen) == 403


def test_it_goes_on_until_courses_of_pages_were_read(app: HubApp) -> None:
    """A hub that comes back and has read its file alone does not know yet who teaches in a course of a page."""
    chen, hub = app.browser_of("chen", PASSWORD), watching(app)
    assert let_in(chen) == 200
    Courses.clear_instance()
    Path(app.hub.config.Courses.path).write_text('{"zone": "UTC", "courses": []}')
    app.do(hub.look)
    assert enters(app, "bela")
    say(app)
    app.do(hub.look)
    assert enters(app, "bela")


def exam(who: str) -> ExamLab:
    """An exam that somebody sits now."""
    now = time.time()
    return ExamLab(person=who, server="exam-x", course="x", exam="x", title="X", begins_at=now - 60, ends_at=now + 3600)


def test_a_right_without_a_showing_is_taken(app: HubApp) -> None:
    """Whatever came between: a look of the hub's leaves nobody in a lab that nobody shows. What is kept of both is
    exported, and goes with them."""
    chen = app.browser_of("chen", PASSWORD)
    let_in(chen)
    path = app.hub.db_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        (kept,) = person.of_person(database, "bela")["showings"]
        assert (kept["owner"], kept["tutor"]) == ("chen", "bela")
        person.forget(database, "bela")
        database.commit()
    assert enters(app, "bela")
    app.do(watching(app).look)
    assert not enters(app, "bela")


def test_the_lab_is_told(app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its page shows who may be in it, and for how long; it asks the hub only when something changed, and what it was
    told ends by its own clock."""
    asked = []

    async def ask(_: Any) -> dict[str, Any] | None:
        asked.append(1)
        return {"tutor": "bela", "left_seconds": 600} if len(asked) == 1 else None

    monkeypatch.setattr("homeroom_lab.shown.ask", ask)
    file = tmp_path / "showing"
    lab = ShownWatch({}, file)
    asyncio.run(lab.look())
    assert (lab.current(), asked) == ({}, [])
    stamp.touch(tmp_path)
    for _ in range(3):
        asyncio.run(lab.look())
    assert len(asked) == 1
    assert lab.current()["tutor"] == "bela"
    assert 590 < lab.current()["left_seconds"] <= 600
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + 601)
    assert lab.current() == {}
    monkeypatch.undo()
    monkeypatch.setattr("homeroom_lab.shown.ask", ask)
    os.utime(file, ns=(1, 1))
    asyncio.run(lab.look())
    assert lab.current() == {}

    chen = app.browser_of("chen", PASSWORD)
    let_in(chen)

    def token() -> str:
        made: str = orm.User.find(app.hub.db, "chen").new_api_token(scopes=["users:activity!user"])
        app.hub.db.commit()
        return made

    own = {"Authorization": f"token {app.do(token)}"}
    said = app.browser().visit("api/homeroom/showing/chen", headers=own).json()["showing"]
    assert (said["tutor"], 3590 < said["left_seconds"] <= 3600) == ("bela", True)
    assert app.browser().visit("api/homeroom/showing/dora", headers=own).status_code in (403, 404)


def test_people_are_called_by_their_names(app: HubApp) -> None:
    """Where a way to sign in tells them: in the list of tutors, while it goes on, and in the lab."""

    def come(*people: tuple[str, str]) -> None:
        app.hub.db.query(KnownIdentity).delete()
        for name, display_name in people:
            app.hub.db.add(KnownIdentity(way="lti", subject=name, name=name, display_name=display_name))
        app.hub.db.commit()

    token = app.do(lambda: orm.User.find(app.hub.db, "chen").new_api_token(scopes=["users:activity!user"]))
    headers = {"Authorization": f"token {token}"}
    chen, bela = (app.browser_of(name, PASSWORD) for name in ("chen", "bela"))
    app.do(come, ("bela", "Bela Bartok"), ("chen", "Chen Li"))
    try:
        home = chen.visit("home").text
        assert '<option value="biology:bela">Bela Bartok (' in home
        assert '<option value="biology:ada">ada (' in home
        assert let_in(chen) == 200
        assert "Bela Bartok may be in your lab" in chen.visit("home").text
        assert "Open the lab of Chen Li" in bela.visit("home").text
        told = app.browser().visit("api/homeroom/showing/chen", headers=headers).json()["showing"]
        assert told["tutor"] == "Bela Bartok"
    finally:
        app.do(come)


def test_labs_with_the_hubs_address_are_not_shown() -> None:
    """A page of a student's lab would act as their tutor: `make check` refuses that, and says what to do."""
    with pytest.raises(HomeroomError, match="could act on the hub as the tutor"):
        checks.of_site(settings(SHOW_LAB_MINUTES="60"))
    apart = {"TLS": "internal", "HUB_HOST": "hub.example.edu"}
    assert list(checks.of_site(settings(SHOW_LAB_MINUTES="60", LABS_HOST="labs.example.edu", **apart))) == []
    assert list(checks.of_site(settings(SHOW_LAB_MINUTES="60", SUBDOMAINS="on", **apart))) == []
    assert list(checks.of_site(settings())) == []
