"""A course that is one of a learning platform: at a hub of JupyterHub's own, with the service that asks platforms, and
a platform with a gradebook and members."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml
from homeroom.courses import called, desk_client, lms_courses, members
from homeroom.courses.courses_file import Courses
from homeroom.courses.watch import look, tell_lms
from homeroom.lms import client, sending, service, web
from homeroom.lti.people import subject_of
from homeroom.lti.records import KnownRoster, make_tables
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.passwords import hashed

from jupyterhub import orm
from tests.faults import until
from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.lti_platform import CLAIM, LearningPlatform, Person, claims_of, learning_platform
from tests.sample_settings import TOKEN
from tests.unit.lms.conftest import running

PASSWORD = "correct horse battery"
HERE = {"1": "chen", "2": "b+ob", "9": "ada", "8": "bela"}
"""Who has been here, by their ids at the platform; 3 has not."""


@pytest.fixture
def school() -> Iterator[LearningPlatform]:
    """A platform whose course 12 has three students, a teacher and an assistant."""
    with learning_platform() as made:
        made.services.manners = "openedx"
        roles = {"9": ["Instructor"], "8": ["TeachingAssistant"]}
        made.services.people = {who: {"roles": roles.get(who, ["Learner"])} for who in ("1", "2", "3", "8", "9")}
        yield made


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, school: LearningPlatform) -> Iterator[HubApp]:
    """A hub with the course biology, of which site/courses.yaml says the platform's course and nothing else."""
    Courses.clear_instance()
    site = tmp_path / "site"
    site.mkdir()
    (site / "lti.yaml").write_text(yaml.safe_dump({"allow_all": True, "platforms": [school.values()]}))
    course = (
        "courses:\n  - name: biology\n    lti: {platform: school, context: '12'}\n    assignments: [{name: week-1}]\n"
    )
    (site / "courses.yaml").write_text(course)
    config = loaded(tmp_path, site, AUTH="native,lti", TLS="off", HUB_HOST="localhost", JUPYTERHUB_CRYPT_KEY="0f" * 32)
    config.LTIWay.key_file = str(tmp_path / "lti_keys.json")
    config.Courses.path = str(tmp_path / "courses.json")
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("JUPYTERHUB_CRYPT_KEY", "0f" * 32)
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
    monkeypatch.setattr(client, "SOCKET", tmp_path / "lms.sock")
    monkeypatch.setattr(web, "PAUSES_SECONDS", (0.01,) * 4)
    monkeypatch.setattr(sending, "APART_SECONDS", 0.0)
    monkeypatch.setattr(service, "LOOK_SECONDS", 0.05)
    made = HubApp(tmp_path, config)
    with running(tmp_path), made.running():
        add_people(made, *HERE.values(), "olga", "admin", password=hashed(PASSWORD))
        made.do(come, made, school)
        yield made
    Courses.clear_instance()


def come(app: HubApp, school: LearningPlatform) -> None:
    """Have people be known by the platform, as after their launches."""
    db = app.hub.db
    make_tables(db)
    for user_id, name in HERE.items():
        db.add(KnownIdentity(way="lti:school", subject=subject_of(school.url, user_id), name=name))
    db.commit()


def launch(app: HubApp, school: LearningPlatform, **claims: Any) -> None:
    """Have somebody come from the course, as far as courses are concerned."""

    def note() -> None:
        of = lms_courses.way(app.hub.authenticator)
        (platform,) = of.known(app.hub.db)
        said = {**claims_of(school.url, "n", Person(sub="9")), **school.services.claims(), **claims}
        of.identity(app.hub.db, platform, said)
        app.hub.db.commit()

    app.do(note)


def seen(app: HubApp) -> dict[str, list[str]]:
    """Who is in the course, by role, after the hub has looked."""
    app.do(tell_lms, app.hub)
    app.do(look, app.hub)

    def ask() -> dict[str, list[str]]:
        groups = {
            role: orm.Group.find(app.hub.db, f"course-biology-{role}")
            for role in ("teachers", "assistants", "students")
        }
        return {role: sorted(user.name for user in group.users) for role, group in groups.items()}

    found: dict[str, list[str]] = app.do(ask)
    return found


def grades(monkeypatch: pytest.MonkeyPatch, **points: float) -> None:
    """Have the gradebook say this."""
    plain = {"penalty": 0.0, "late": False, "needs_grading": False}
    names = {"bob": "b+ob"}
    scores = {names.get(who, who): {"points": given, **plain} for who, given in points.items()}
    if "olga" in scores:
        scores["olga"]["needs_grading"] = True

    async def asked(_: str) -> Any:
        return {"at": 0, "assignments": [{"name": "week-1", "maximum": 10.0, "scores": scores}]}

    monkeypatch.setattr(desk_client, "grades", asked)


MEMBERS = {"teachers": ["ada"], "assistants": ["bela"], "students": ["b+ob", "chen"]}


def test_members_of_the_platforms_course_are_members(
    app: HubApp, school: LearningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first launch on, with their roles; who leaves there is out here; who has not come is shown by what they
    are called there. A list that cannot be had puts nobody out, also with the service away or new."""
    assert seen(app)["students"] == [], "no launch has said where the list is"
    launch(app, school)
    until(lambda: seen(app) == MEMBERS, "the platform's members are in", seconds=60)
    page = app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology").text
    assert "Not here yet: Person 3" in page
    del school.services.people["2"]
    client.ask("POST", "/courses/biology/roster")
    until(lambda: seen(app)["students"] == ["chen"], "who left is out", seconds=60)
    bob = app.browser_of("b+ob", PASSWORD)
    assert bob.visit("homeroom/courses/biology").status_code == 404
    monkeypatch.setattr(client, "SOCKET", Path("/nonexistent"))
    assert seen(app)["students"] == ["chen"]


def test_a_list_is_forgotten_with_its_course(app: HubApp, school: LearningPlatform) -> None:
    """Once a course is a platform's no more, neither hub nor service keep who was in it there."""

    def kept() -> int:
        return int(app.do(lambda: app.hub.db.query(KnownRoster).count()))

    launch(app, school)
    until(lambda: seen(app) == MEMBERS, "the platform's members are in", seconds=60)
    assert kept() == 1
    path = Path(Courses.instance(config=app.hub.config).path)
    values = json.loads(path.read_text())
    values["courses"][0]["lti"] = None
    path.with_suffix(".new").write_text(json.dumps(values))
    os.replace(path.with_suffix(".new"), path)
    assert seen(app)["students"] == []
    assert kept() == 0
    with closing(sqlite3.connect(path.parent / "lms.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM rosters").fetchone() == (0,)


def test_a_teacher_previews_sends_and_takes_back(
    app: HubApp, school: LearningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page has what will change; what is sent is in the platform's gradebook, and recorded with who and when; an
    assistant sees it and does not send, a student sees nothing; what is sent after somebody else changed it is not."""
    launch(app, school)
    until(lambda: seen(app) == MEMBERS, "the platform's members are in", seconds=60)
    grades(monkeypatch, chen=7.5, bob=4)
    ada, bela, chen = (app.browser_of(name, PASSWORD) for name in ("ada", "bela", "chen"))
    here = "homeroom/courses/biology/grades"
    page = ada.visit(here).text
    assert "Send 2 grades to school" in page
    digest = page.split('name="digest" value="')[1][:32]
    assert "Send 2 grades" not in bela.visit(here).text
    forged = {"do": "send", "digest": digest, "_xsrf": bela.cookies.get("_xsrf", path="/hub/")}
    assert bela.post(f"{bela.address}/{here[:-6]}lms", data=forged, timeout=30).status_code == 403
    assert chen.visit(here).status_code == 403
    grades(monkeypatch, chen=8, bob=4)
    assert (
        "grades have changed since you saw them" in ada.fill_in(here, f"{here[:-6]}lms", do="send", digest=digest).text
    )
    assert school.services.columns == {}
    digest = ada.visit(here).text.split('name="digest" value="')[1][:32]
    assert "on their way" in ada.fill_in(here, f"{here[:-6]}lms", do="send", digest=digest).text
    until(lambda: "What was sent is what there is" in ada.visit(here).text, "the grades are sent", seconds=60)
    assert school.services.given("week-1") == {"1": 8, "2": 4}
    page = ada.visit(here).text
    assert "ada: 2 grades sent." in page
    number = page.split('name="number" value="')[1].split('"')[0]
    ada.fill_in(here, f"{here[:-6]}lms", do="undo", number=number)
    until(lambda: "2 grades taken back" in ada.visit(here).text, "they are taken back", seconds=60)
    assert school.services.given("week-1") == {"1": None, "2": None}


def test_who_cannot_be_sent_for_is_named(
    app: HubApp, school: LearningPlatform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who never came from the platform is left out by name, and so is a grade that is not finished; the service that is
    away is told, and the grades are shown all the same."""
    values = json.loads((tmp_path / "courses.json").read_text())
    values["courses"][0]["roles"]["students"]["people"] = ["olga"]
    (tmp_path / "new.json").write_text(json.dumps(values))
    os.replace(tmp_path / "new.json", tmp_path / "courses.json")
    launch(app, school)
    until(lambda: len(seen(app)["students"]) == 3, "all are in", seconds=60)
    grades(monkeypatch, chen=7.5, olga=4)
    page = app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology/grades").text
    assert "never came from there: olga" in page
    assert "Send 1 grade to school" in page
    monkeypatch.setattr(client, "SOCKET", tmp_path / "none.sock")
    page = app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology/grades").text
    assert "does not answer just now" in page
    assert "7.5" in page


def test_the_service_is_told_what_launches_say(app: HubApp, school: LearningPlatform) -> None:
    """The last launch's addresses and rights, of the link that was opened first where it has a column; nothing of
    another platform, deployment or course, and nothing of a platform that is ours no more."""

    def told() -> Any:
        (course,) = Courses.instance(config=app.hub.config).read().values()
        found = lms_courses.connections(app.hub.db, [course], lms_courses.way(app.hub.authenticator))
        return found[0] if found else None

    assert app.do(told).lineitems == ""
    launch(app, school, **{CLAIM + "context": {"id": "13"}})
    assert app.do(told).lineitems == ""
    school.services.may_make_columns = False
    launch(app, school)
    launch(app, school, **{CLAIM + "resource_link": {"id": "8"}, **ags(school, lineitem="https://x.example/8")})
    found = app.do(told)
    assert (found.lineitems, found.members) == (school.services.lineitems, f"{school.url}/members/12")
    assert (found.lineitem, found.manner) == (school.services.lineitem(1), "sum")
    lms_courses.way(app.hub.authenticator).platforms = []
    assert app.do(told) is None


def ags(school: LearningPlatform, **changes: str) -> dict[str, Any]:
    """The claim of the gradebook, changed."""
    name = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
    return {name: {**school.services.claims()[name], **changes}}


def test_both_keys_are_published(app: HubApp) -> None:
    """Platforms find the hub's key and the service's at one address."""
    found = app.browser().visit("lti13/jwks").json()["keys"]
    assert len({each["kid"] for each in found}) == 2
    assert all("d" not in each for each in found)


def test_a_newcomer_is_asked_for(app: HubApp, school: LearningPlatform) -> None:
    """Who comes from the course after its list was read has the list be asked for, and is in it seconds later."""
    launch(app, school)
    until(lambda: seen(app) == MEMBERS, "the platform's members are in", seconds=60)
    school.services.people["7"] = {}
    asked = len(school.services.asked)

    def is_new() -> bool:
        (course,) = Courses.instance(config=app.hub.config).read().values()
        known = lms_courses.way(app.hub.authenticator).known(app.hub.db)
        return lms_courses.is_new(app.hub.db, course, ["lti-school-12-student"], "olga", known)

    assert app.do(is_new)
    app.do(
        lambda: [
            app.hub.db.add(KnownIdentity(way="lti:school", subject=subject_of(school.url, "7"), name="olga")),
            app.hub.db.commit(),
        ]
    )
    client.ask("POST", "/courses/biology/roster")
    until(lambda: "olga" in seen(app)["students"], "who is new is in", seconds=60)
    assert not app.do(is_new)
    assert len(school.services.asked) > asked


def test_who_grades_is_told_what_students_are_called(app: HubApp, school: LearningPlatform) -> None:
    """As the platform's list says it, in its two parts where it does; else as they came in last. Nothing is in a name
    that pages or spreadsheets would take for something else, and who teaches is not named. The course's page has it,
    too, for those who see its members."""
    school.services.people["1"] |= {"given_name": "Ada <b>", "family_name": "Byron"}
    school.services.people["2"]["name"] = None
    launch(app, school)
    until(lambda: seen(app) == MEMBERS, "the platform's members are in", seconds=60)

    def come_in(at: int, name: str) -> None:
        add_identity(app, way="github", subject=name, name="b+ob", display_name=name, signed_in_at=at)

    def names() -> Any:
        known = Courses.instance(config=app.hub.config).read()
        way = lms_courses.way(app.hub.authenticator)
        roles = members.roles_by_person(app.hub.db, known)
        return called.students(app.hub.db, known.values(), roles, way)["biology"]

    assert app.do(names) == {"chen": ("Ada b", "Byron")}
    app.do(come_in, 2, "=HYPERLINK(1) Bob")
    app.do(come_in, 1, "Rob")
    assert app.do(names) == {"b+ob": ("", "HYPERLINK(1) Bob"), "chen": ("Ada b", "Byron")}
    page = app.browser_of("ada", PASSWORD).visit("homeroom/courses/biology").text
    for name, said in {"chen": "Ada b Byron", "b+ob": "HYPERLINK(1) Bob"}.items():
        assert f'{said} <span class="text-body-secondary">{name}</span>' in page
    assert "Ada b Byron" not in app.browser_of("chen", PASSWORD).visit("homeroom/courses/biology").text


def add_identity(app: HubApp, **values: Any) -> None:
    """Have somebody be known by a source."""
    app.hub.db.add(KnownIdentity(**values))
    app.hub.db.commit()
