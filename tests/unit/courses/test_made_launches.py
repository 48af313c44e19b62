"""Courses that the first launch of their teacher makes: where the operator says so, and nobody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
import yaml
from homeroom.courses import lms_courses
from homeroom.courses.course import NAME
from homeroom.courses.courses_file import Courses
from homeroom.courses.made import form, records, rules
from homeroom.courses.watch import look
from homeroom.lti import arrivals
from homeroom.lti.people import subject_of
from homeroom.lti.records import Membership, make_tables
from homeroom.records import events
from homeroom.sign_in import provided_groups
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.passwords import hashed

from generator.topics.courses import services
from generator.topics.lms import services as lms_services
from jupyterhub import orm
from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.lti_platform import CLAIM, MEMBERSHIP, MOODLE, Person, claims_of
from tests.sample_settings import TOKEN, settings
from tests.unit.courses.hub import forget_courses, say_courses

PASSWORD = "correct horse battery"
TEACHES, TAKES = f"{MEMBERSHIP}#Instructor", f"{MEMBERSHIP}#Learner"
ASSISTS = f"{MEMBERSHIP}/Instructor#TeachingAssistant"
PEOPLE = {"9": "ada", "8": "bela", "1": "chen"}
QUIET = {**MOODLE, "name": "quiet", "issuer": "https://quiet.example", "client_id": "q"}
CRYPT = "0f" * 32


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with two platforms, of which one makes courses."""
    Courses.clear_instance()
    tmp_path = tmp_path_factory.mktemp("hub")
    site = tmp_path / "site"
    site.mkdir()
    platforms = [{**MOODLE, "courses": "made"}, QUIET]
    (site / "lti.yaml").write_text(yaml.safe_dump({"allow_all": True, "platforms": platforms}))
    config = loaded(tmp_path, site, AUTH="native,lti", TLS="off", HUB_HOST="localhost", JUPYTERHUB_CRYPT_KEY=CRYPT)
    config.LTIWay.key_file = str(tmp_path / "lti_keys.json")
    config.Courses.path = str(tmp_path / "courses.json")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setenv("JUPYTERHUB_CRYPT_KEY", CRYPT)
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        running = HubApp(tmp_path, config)
        with running.running():
            add_people(running, *PEOPLE.values(), "admin", password=hashed(PASSWORD))
            running.do(come, running)
            yield running
    Courses.clear_instance()


@pytest.fixture(autouse=True)
def none_left(app: HubApp) -> Iterator[None]:
    """No course is left of a test, and nobody has been anywhere."""
    say_courses(app)
    yield

    app.do(forget_courses, app, Membership)


def come(app: HubApp) -> None:
    """Have people be known by the platforms."""
    make_tables(app.hub.db)
    for issuer, name in ((MOODLE["issuer"], "moodle"), (QUIET["issuer"], "quiet")):
        for number, person in PEOPLE.items():
            subject = subject_of(str(issuer), number)
            app.hub.db.add(KnownIdentity(way=f"lti:{name}", subject=subject, name=person))
    app.hub.db.commit()


def launch(app: HubApp, number: str, role: str, platform: str = "moodle", **context: Any) -> None:
    """Have somebody who was let in come from a course."""

    def arrive() -> None:
        hub, of = app.hub, lms_courses.way(app.hub.authenticator)
        (come_from,) = [each for each in of.known(hub.db) if each.name == platform]
        said = claims_of(come_from.issuer, "n", Person(sub=number, roles=[role]), **{CLAIM + "context": context})
        identity = of.identity(hub.db, come_from, said)
        user = orm.User.find(hub.db, PEOPLE[number])
        formerly = [group.name for group in user.groups if group.name.startswith("lti-")]
        provided_groups.apply(hub.db, user, identity.groups, formerly)
        hub.db.commit()
        handler = SimpleNamespace(settings={"config": hub.config, "app": hub}, db=hub.db, log=hub.log)
        arrival = arrivals.of_claims(come_from, said, makes_courses=of.makes_courses(come_from))
        arrivals.tell(handler, user, arrival)

    app.do(arrive)


def made(app: HubApp) -> dict[str, dict[str, Any]]:
    """The made courses by name."""
    return {each.name: each.values for each in app.do(records.all_kept, app.hub.db)}


def test_a_teachers_first_launch_makes_the_course(app: HubApp) -> None:
    """By the name and title that it has there; its teacher is one as long as the platform says so, those who take it
    are in it as they come, and further launches make no other one. It is on record who made it."""
    bio = {"id": "12", "label": "BIO 1", "title": "Cells & <b>more</b>"}
    launch(app, "9", TEACHES, **bio)
    launch(app, "1", TAKES, **bio)
    launch(app, "9", TEACHES, **{**bio, "label": "Renamed"})
    launch(app, "8", TEACHES, **bio)
    app.do(look, app.hub)
    (name,) = made(app)
    assert name == "bio-1"
    course = made(app)[name]
    assert course["lti"] == {"platform": "moodle", "context": "12", "link": None, "roster": True}
    assert course["roles"]["teachers"]["people"] == []
    page = app.browser_of("ada", PASSWORD).visit("homeroom/courses/bio-1").text
    assert "Cells &amp; &lt;b&gt;more&lt;/b&gt;" in page
    assert "ada, bela" in page
    assert app.browser_of("chen", PASSWORD).visit("homeroom/courses/bio-1").status_code == 200
    (event,) = [json.loads(each.event) for each in app.do(events.waiting, app.hub.db)]
    assert (event["who"], event["what"]) == ("ada", "course-make")
    launch(app, "9", TAKES, **bio)
    app.do(look, app.hub)
    assert app.browser_of("ada", PASSWORD).visit("homeroom/courses/bio-1/settings").status_code == 403


@pytest.mark.parametrize(
    ("role", "platform", "context"),
    [
        (TAKES, "moodle", {"id": "12", "title": "Biology"}),
        (ASSISTS, "moodle", {"id": "12", "title": "Biology"}),
        ("http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor", "moodle", {"id": "12"}),
        (TEACHES, "quiet", {"id": "12", "title": "Biology"}),
        (TEACHES, "moodle", {"title": "No course"}),
        (TEACHES, "moodle", {"id": "x" * 256}),
        (TEACHES, "moodle", {"id": "1\n2"}),
    ],
    ids=["student", "assistant", "of the institution", "not said", "no course", "long", "lines"],
)
def test_nothing_else_makes_one(app: HubApp, role: str, platform: str, context: dict[str, Any]) -> None:
    """Not who takes or assists in a course, is a teacher somewhere else, or comes from a platform of which the operator
    does not say so; nor what is no course's id."""
    launch(app, "9", role, platform, **context)
    assert made(app) == {}


def test_who_teaches_one_course_does_not_touch_another(app: HubApp) -> None:
    """Two courses of one label are two courses; who teaches one of them is told that the other is not there. A course
    that the file, or somebody on a page, has of that name stays what it is."""
    first, second = {"id": "12", "label": "bio"}, {"id": "13", "label": "bio"}
    launch(app, "9", TEACHES, **first)
    launch(app, "8", TEACHES, **second)
    names = {course["lti"]["context"]: name for name, course in made(app).items()}
    assert names["12"] == "bio"
    assert re.fullmatch(r"bio-[0-9a-f]{7}", names["13"])
    bela = app.browser_of("bela", PASSWORD)
    for end in ("", "/settings", "/grades"):
        assert bela.visit(f"homeroom/courses/{names['12']}{end}").status_code == 404
    for end in ("", "/settings"):
        assert bela.visit(f"homeroom/courses/{names['13']}{end}").status_code == 200


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("<script>alert(1)</script>", "script-alert-1-script"),
        ("Größe & Maß", "gro-e-ma"),
        ("生物学", "course"),
        ("a" * 5000, "a" * 24),
        ("--", "course"),
        ("grader-room", "grader-room"),
        ("\u202eoib\x00", "oib"),
    ],
)
def test_whatever_a_platform_says_the_name_is_safe(app: HubApp, label: str, name: str) -> None:
    """A course's name is part of paths, addresses and groups."""
    context = {"id": f"{label[:50]}'; DROP TABLE users; --", "label": label, "title": f"{label}\n\x00\u202e"}
    launch(app, "9", TEACHES, **{**context, "id": re.sub(r"[^ -~]", "", context["id"]) or "1"})
    (found,) = made(app)
    assert re.fullmatch(NAME, found)
    assert found.startswith(name[:3]) or found == name
    assert len(made(app)[found]["title"]) <= rules.LONGEST_TITLE
    assert made(app)[found]["title"].isprintable()
    assert app.browser_of("ada", PASSWORD).visit(f"homeroom/courses/{found}").status_code == 200


def test_a_course_of_the_file_is_the_one(app: HubApp) -> None:
    """Where site/courses.yaml names the platform's course, no launch makes another."""
    lti = {"platform": "moodle", "context": "12", "link": None, "roster": True}
    of_file = {**form.as_told("biology", form.new(), {}), "lti": lti}
    say_courses(app, of_file)
    launch(app, "9", TEACHES, id="12", label="bio")
    assert made(app) == {}


def test_what_such_courses_need_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where launches make courses, hand-in desk and the service that asks platforms run; a comment is no such word."""
    for each in (services, lms_services):
        monkeypatch.setattr(each, "SITE", tmp_path)
    chosen = settings(AUTH="native,lti", TLS="off", HUB_HOST="localhost")
    for text, runs in {
        "platforms:\n  - {name: moodle, courses: made}\n": True,
        "registered_courses: made\n": True,
        "platforms:\n  - name: moodle  # courses: made\n    courses: none\n": False,
    }.items():
        (tmp_path / "lti.yaml").write_text(text)
        assert (services.has_courses(chosen), lms_services.has_lms(chosen)) == (runs, runs), text
        assert not services.has_courses(settings(AUTH="native"))
