"""Announcements: who may make them, who reads them, and when they are gone."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.announcements import person, records, service
from homeroom.announcements.records import Announcement
from homeroom.courses.courses_file import Courses
from homeroom.courses.watch import look
from homeroom.hub import lab_stamp
from homeroom.sign_in.identities import KnownIdentity
from homeroom_lab.announcements import AnnouncementWatch

from generator.core.errors import HomeroomError
from generator.topics.announcements import announcements
from generator.topics.courses import courses, made
from generator.topics.labs import labs
from jupyterhub import orm
from tests.hub_app import Browser, HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN
from tests.unit.courses.test_course_pages import course

PEOPLE = ("ada", "bela", "chen", "olga", "admin")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub: ada teaches biology, chen takes it by the hub's group bio, olga is in nothing."""
    directory = tmp_path_factory.mktemp("hub")
    Courses.clear_instance()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setattr(lab_stamp, "touch", lambda folder=directory: stamp_file(folder).touch())
        config = loaded(directory, AUTH="dummy")
        config.Courses.path = str(directory / "courses.json")
        Path(config.Courses.path).write_text(json.dumps({"zone": "UTC", "courses": [course()]}))
        with HubApp(directory, config).running() as made:
            add_people(made, *PEOPLE)
            made.do(fill, made)
            yield made
    Courses.clear_instance()


def stamp_file(directory: Path) -> Path:
    """What labs look at."""
    return directory / "announcements"


def fill(app: HubApp) -> None:
    """The hub's groups, and who is in the course."""
    app.hub.db.add(orm.Group(name="bio", users=[orm.User.find(app.hub.db, "chen")]))
    orm.User.find(app.hub.db, "admin").admin = True
    app.hub.db.commit()
    look(app.hub)


@pytest.fixture(autouse=True)
def nothing_announced(app: HubApp) -> None:
    """Each test begins with nothing."""
    app.do(forget_all, app)


def forget_all(app: HubApp) -> None:
    """Remove all."""
    app.hub.db.query(Announcement).delete()
    app.hub.db.commit()


def signed_in(app: HubApp, name: str) -> Browser:
    """Somebody's browser."""
    return app.browser_of(name, "any")


def announce(browser: Browser, text: str, audience: str = "everybody:", hours: str = "1") -> int:
    """Send the page's form; returns the answer's status."""
    return browser.fill_in("homeroom/announcements", text=text, audience=audience, hours=hours).status_code


def read_by(app: HubApp, name: str) -> str:
    """Somebody's home page."""
    return signed_in(app, name).visit("home").text


def test_who_announced_is_called_by_their_name(app: HubApp) -> None:
    """Where a way to sign in tells it: on home pages, on the page of announcements and in labs."""
    ada = signed_in(app, "ada")
    announce(ada, "Room 204", "course:biology")

    def come(display_name: str) -> None:
        app.hub.db.merge(KnownIdentity(way="lti", subject="1", name="ada", display_name=display_name))
        app.hub.db.commit()

    token = app.do(lambda: orm.User.find(app.hub.db, "chen").new_api_token(scopes=["users:activity!user"]))
    headers = {"Authorization": f"token {token}"}
    for display_name, called in (("", "ada"), ("Ada <Byron>", "Ada Byron")):
        app.do(come, display_name)
        assert f"From {called}<" in read_by(app, "chen")
        assert re.search(rf"From {called}\s*<", ada.visit("homeroom/announcements").text)
        told = app.browser().visit("api/homeroom/announcements/chen", headers=headers).json()
        assert [each["author"] for each in told["announcements"]] == [called]
    app.do(lambda: (app.hub.db.query(KnownIdentity).delete(), app.hub.db.commit()))


def test_an_administrator_tells_everybody_a_group_or_a_course(app: HubApp) -> None:
    """Each is read by whom it is for, as text, with who said it; and no longer once it is ended."""
    admin = signed_in(app, "admin")
    assert announce(admin, "For all <b>of you</b>") == 200
    assert announce(admin, "For the group", "group:bio") == 200
    assert announce(admin, "For the course", "course:biology") == 200
    chen, olga, ada = (read_by(app, name) for name in ("chen", "olga", "ada"))
    assert "For all &lt;b&gt;of you&lt;/b&gt;" in olga
    assert "From admin" in olga
    assert ("For the group" in chen, "For the course" in chen) == (True, True)
    assert ("For the group" in ada, "For the course" in ada) == (False, True)
    assert ("For the group" in olga, "For the course" in olga) == (False, False)
    numbers = app.do(lambda: [one.id for one in app.hub.db.query(Announcement)])
    for number in numbers:
        admin.fill_in("homeroom/announcements", end=str(number))
    assert "For the" not in read_by(app, "chen")


def test_a_teacher_tells_their_course_and_nobody_else(app: HubApp) -> None:
    """And ends what is told to the course, and nothing else."""
    ada = signed_in(app, "ada")
    assert "Announce something" in ada.visit("home").text
    assert announce(ada, "Bring pens", "course:biology") == 200
    assert announce(ada, "All mine", "everybody:") == 400
    assert announce(ada, "All mine", "group:bio") == 400
    assert "Bring pens" in read_by(app, "chen")
    assert announce(signed_in(app, "admin"), "For all") == 200
    number = app.do(lambda: app.hub.db.query(Announcement).filter_by(text="For all").one().id)
    ada.fill_in("homeroom/announcements", end=str(number))
    assert "For all" in read_by(app, "olga")
    assert "All mine" not in read_by(app, "olga")


@pytest.mark.parametrize("name", ["chen", "olga"])
def test_nobody_else_announces_anything(app: HubApp, name: str) -> None:
    """Students neither see the page nor the way to it."""
    browser = signed_in(app, name)
    assert browser.visit("homeroom/announcements").status_code == 403
    assert "Announce something" not in browser.visit("home").text
    assert app.browser().visit("homeroom/announcements", allow_redirects=False).status_code == 302


@pytest.mark.parametrize(
    ("text", "hours"), [("", "1"), ("   ", "1"), ("x" * 501, "1"), ("x", "2"), ("x", "-1"), ("x", "")]
)
def test_what_cannot_be_announced_is_told(app: HubApp, text: str, hours: str) -> None:
    """And nothing is."""
    assert announce(signed_in(app, "admin"), text, hours=hours) == 400
    assert app.do(lambda: app.hub.db.query(Announcement).count()) == 0


def test_too_many_are_refused(app: HubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has ended does not count."""
    monkeypatch.setattr(records, "MOST_AT_ONCE", 1)
    app.do(ended_one, app)
    admin = signed_in(app, "admin")
    assert announce(admin, "first") == 200
    assert announce(admin, "second") == 400
    assert "Over" not in read_by(app, "olga")


def ended_one(app: HubApp) -> None:
    """An announcement that has ended."""
    app.hub.db.add(Announcement(text="Over", audience="everybody", name="", author="", at=1, ends=2))
    app.hub.db.commit()


def token(app: HubApp, name: str) -> dict[str, str]:
    """What a lab of somebody's sends along."""
    found = app.do(lambda: orm.User.find(app.hub.db, name).new_api_token(scopes=["users:activity!user"]))
    return {"Authorization": f"token {found}"}


def test_a_lab_is_told_what_its_user_is_to_read_and_no_more(app: HubApp) -> None:
    """Another's are not told."""
    assert announce(signed_in(app, "admin"), "For the course", "course:biology") == 200
    for name, texts in (("chen", ["For the course"]), ("olga", [])):
        answer = app.browser().visit(f"api/homeroom/announcements/{name}", headers=token(app, name))
        assert [one["text"] for one in answer.json()["announcements"]] == texts
    assert app.browser().visit("api/homeroom/announcements/chen", headers=token(app, "olga")).status_code == 404


def test_a_lab_asks_only_when_there_is_something_new(
    app: HubApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file beside the hub's socket tells it; a hub that is away is asked again; what ended is shown no more."""
    asked: list[str] = []
    soon = {"title": "Final", "begins_at": time.time() + 60}
    answers: list[Any] = [OSError("away"), {"announcements": [shown(1, 60), shown(2, -60)], "exam": soon}]

    class Answer:
        ok = True

        def __init__(self, said: Any) -> None:
            self.said = said

        async def text(self) -> str:
            return json.dumps(self.said)

    async def fetch(url: str, **_: Any) -> Answer:
        asked.append(url)
        said = answers.pop(0)
        if isinstance(said, Exception):
            raise said
        return Answer(said)

    monkeypatch.setattr("homeroom_lab.hub_client.fetch", fetch)
    told = {"JUPYTERHUB_USER": "b+ob", "JUPYTERHUB_API_TOKEN": "x", "JUPYTERHUB_API_URL": "http+unix://hub/hub/api"}
    watch = AnnouncementWatch(told, stamp_file(tmp_path))
    asyncio.run(watch.look())
    assert asked == []
    lab_stamp.touch(tmp_path)
    asyncio.run(watch.look())
    assert watch.current() == []
    asyncio.run(watch.look())
    asyncio.run(watch.look())
    assert len(asked) == 2
    assert asked[0].endswith("/homeroom/announcements/b%2Bob")
    assert [one["id"] for one in watch.current()] == [1]
    exam = watch.exam()
    assert exam is not None
    assert (exam["title"], 50 < exam["begins_in_seconds"] <= 60) == ("Final", True)
    soon["begins_at"] = time.time() - 1
    answers.append({"announcements": [], "exam": soon})
    os.utime(stamp_file(tmp_path), (0, 0))
    asyncio.run(watch.look())
    assert watch.exam() is None


def shown(number: int, left_seconds: int) -> dict[str, Any]:
    """An announcement as the hub tells it."""
    return {"id": number, "text": "x", "author": "ada", "ends": int(time.time()) + left_seconds}


def test_the_operators_verbs_work_beside_the_hub(app: HubApp, tmp_path: Path) -> None:
    """They add, list and end; a group that nobody knows is told with those that there are."""
    path = str(app.hub.db_url).removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        now = int(time.time())
        wanted = {"verb": "add", "text": "Labs restart", "audience": "group", "name": "bio", "seconds": 60, "known": []}
        number = service.answer(database, wanted, now)["id"]
        assert service.answer(database, {**wanted, "name": "boi"}, now) == {"unknown": ["bio"]}
        assert service.answer(database, {**wanted, "name": "lab", "known": ["lab"]}, now)["id"] > number
        assert [one["name"] for one in service.answer(database, {"verb": "list"}, now)["announcements"]] == [
            "bio",
            "lab",
        ]
        assert "Labs restart" in read_by(app, "chen")
        assert service.answer(database, {"verb": "end", "id": number}, now) == {"ended": 1}
        assert service.answer(database, {"verb": "end", "id": number}, now) == {"ended": 0}
        assert "Labs restart" not in read_by(app, "chen")


def test_what_a_person_announced_is_shown_and_forgotten(app: HubApp) -> None:
    """In their export, and when their files are removed for good."""
    assert announce(signed_in(app, "admin"), "Mine") == 200
    path = str(app.hub.db_url).removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert [one["text"] for one in person.of_person(database, "admin")["announcements"]] == ["Mine"]
        person.forget(database, "admin")
        assert person.of_person(database, "admin") == {"announcements": []}


@pytest.mark.parametrize(
    ("given", "location"),
    [
        (("", "", "", "1d"), "TEXT"),
        (("x" * 501, "", "", "1d"), "TEXT"),
        (("x", "a", "b", "1d"), "GROUP"),
        (("x", "", "", "soon"), "FOR"),
        (("x", "", "", "61d"), "FOR"),
    ],
)
def test_slips_of_the_operator_are_told(given: tuple[str, str, str, str], location: str) -> None:
    """With the word that is wrong."""
    with pytest.raises(HomeroomError) as told:
        announcements.read(*given)
    assert told.value.location == location


def test_the_operator_tells_a_course_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Courses that were made on pages count beside those of the file, also in what a slip may have meant."""
    deployment: Any = SimpleNamespace(settings=None)
    monkeypatch.setattr(labs, "load", lambda *_: SimpleNamespace(groups={}))
    monkeypatch.setattr(courses, "load", lambda *_: [])
    monkeypatch.setattr(made, "ask_hub", lambda _: {"algae": {}})
    monkeypatch.setattr(announcements, "_ask", lambda _, **asked: {"id": 7} if asked["name"] == "algae" else {})
    assert announcements.add(deployment, announcements.read("x", "", "algae", "2h")) == 7
    with pytest.raises(HomeroomError) as told:
        announcements.add(deployment, announcements.read("x", "", "algea", "2h"))
    assert "Did you mean algae?" in str(told.value)


def test_what_the_operator_types_arrives_as_it_is() -> None:
    """Quotes, dollars and lines of a text are no words of Make's or the shell's."""
    text = 'It\'s "five" `x` $(id) costs $5\nand more'
    shown = subprocess.run(
        ["make", "-s", "announce", f"TEXT={text}", "HOMEROOM=printenv HOMEROOM_TEXT #"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.rstrip("\n") == text
    assert announcements.read(text, "", "", "2h").text == text.replace("\n", " ")
