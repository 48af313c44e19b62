"""Handouts of courses, from the site file to the course's page: what comes when, where it lies, and who has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from homeroom.handouts.of_courses import CourseHandout, CourseHandouts, beside, state
from homeroom.handouts.records import ToldHandout, keep

from generator.lifecycle import render
from generator.topics.handouts import given, handouts
from generator.topics.handouts.state import Published, State
from jupyterhub import orm
from tests.hub_app import HubApp
from tests.sample_settings import settings
from tests.unit.courses.hub import course_hub, say_courses
from tests.unit.courses.test_course_pages import course

PASSWORD = "correct horse battery"
FILE = """\
handouts:
  - {name: week1, from: week1, to: bio/week <1>, courses: [biology]}
  - {name: answers, from: answers, to: bio/solutions, courses: [biology, physics], visible_from: 2099-10-12 08:00}
  - {name: rules, from: rules, to: rules}
"""
NEW, OLD = "a" * 32, "b" * 32


def told(tmp_path: Path, *, fault: str = "", revision: str = NEW) -> str:
    """What the hub is told once week1 was published."""
    site = tmp_path / "site"
    site.mkdir(exist_ok=True)
    (site / "handouts.yaml").write_text(FILE)
    known = handouts.load(settings(TIMEZONE="Europe/Vienna"), site)
    return given.as_text(known, State(handouts={"week1": Published(revision=revision, fault=fault)}))


def test_the_hub_is_told_of_those_of_courses(tmp_path: Path) -> None:
    """Of one that is not out neither its name nor what is in it: where it comes and when are for the course to see. The
    rest of the operator's words, such as why something cannot be handed out, stays with the operator."""
    text = told(tmp_path, fault="/srv/secret/week1: is not there")
    week1, answers = json.loads(text)["handouts"]
    assert (week1["name"], week1["to"], week1["visible_at"], week1["is_faulty"]) == (
        "week1",
        "bio/week <1>",
        None,
        True,
    )
    moment = int(datetime(2099, 10, 12, 6, tzinfo=UTC).timestamp())
    assert (answers["name"], answers["revision"], answers["visible_at"]) == ("", "", moment)
    assert "secret" not in text
    assert "rules" not in text


def test_it_is_told_whenever_handouts_are_published(tmp_path: Path) -> None:
    """Into `rendered/`, where the hub looks while it runs; `make up` writes it, too, and restarts no service for it.
    Before the first `make up` nothing is written."""
    (tmp_path / "site").mkdir()
    given.tell_hub([], State(), tmp_path / "rendered")
    assert not (tmp_path / "rendered").exists()
    (tmp_path / "rendered").mkdir()
    told(tmp_path)
    known = handouts.load(settings(), tmp_path / "site")
    given.tell_hub(known, State(), tmp_path / "rendered")
    written = (tmp_path / "rendered" / given.FILE).read_text()
    assert len(json.loads(written)["handouts"]) == 2
    assert json.loads(render.rendered_files(settings(), tmp_path / "none")[given.FILE])["handouts"] == []
    assert given.FILE not in {name for each in ("hub", "guard", "proxy") for name in render.read_by(each)}


@pytest.mark.parametrize(
    ("said", "has_started", "wanted"),
    [
        (None, False, "never"),
        (None, True, "coming"),
        (("delivered", NEW), True, "delivered"),
        (("delivered", OLD), True, "older"),
        (("full", OLD), True, "full"),
        (("failed", NEW), True, "failed"),
    ],
)
def test_the_last_word_of_the_lab_counts(said: tuple[str, str] | None, has_started: bool, wanted: str) -> None:
    """Whoever has what labs see now has it; what went wrong is told, whichever version it was."""
    row = ToldHandout(state=said[0], revision=said[1]) if said else None
    assert state(NEW, row, has_started=has_started) == wanted


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with a course: ada teaches, bela assists, olga observes, b+ob and chen take it; dora is not in it."""
    CourseHandouts.clear_instance()
    directory = tmp_path_factory.mktemp("hub")
    people = ("ada", "bela", "chen", "b+ob", "olga", "dora")
    with course_hub(directory, *people, password=PASSWORD) as made:
        made.hub.config.CourseHandouts.path = str(directory / given.FILE)
        roles = course()["roles"]
        roles["assistants"]["people"], roles["observers"]["people"] = ["bela"], ["olga"]
        roles["students"]["people"] = ["b+ob", "chen"]
        say_courses(made, course(roles=roles), course("physics", roles={**roles, "students": roles["teachers"]}))
        made.do(fill, made)
        yield made
    CourseHandouts.clear_instance()


def fill(app: HubApp) -> None:
    """What labs told: ada and dora have it, bela an earlier version, chen's home is full, b+ob never had a lab."""
    for name, said, revision in (
        ("ada", "delivered", NEW),
        ("dora", "delivered", NEW),
        ("bela", "delivered", OLD),
        ("chen", "full", NEW),
    ):
        row = ToldHandout(name="week1", folder="bio/week <1>", revision=revision, state=said, copied=1)
        row.kept = 2 if name == "ada" else 0
        keep(app.hub.db, name, [row])


def tell(app: HubApp, text: str) -> None:
    """Have the host tell the hub this."""
    Path(app.hub.config.CourseHandouts.path).write_text(text)


def page_of(app: HubApp, name: str, **headers: str) -> str:
    """The course's page as somebody sees it, on one line."""
    return " ".join(app.browser_of(name, PASSWORD).visit("homeroom/courses/biology", headers=headers).text.split())


@pytest.mark.parametrize("name", ["ada", "bela"])
def test_who_grades_sees_who_has_it(app: HubApp, tmp_path: Path, name: str) -> None:
    """Each member by how it is with them, and nobody else; where something stood in its place before; also in German,
    and without scripts."""
    tell(app, told(tmp_path))
    page = page_of(app, name)
    assert "<summary>1 of 5 has it</summary>" in page
    for words, people in (
        ("Have it", "ada (2 files stood there before)"),
        ("Have an earlier version", "bela"),
        ("the home is full", "chen"),
        ("Never started a lab", "b+ob, olga"),
    ):
        found = page.split(words, 1)[1].split("<dd>", 1)[1].split("</dd>", 1)[0].strip()
        assert found == people, words
    assert "dora" not in page
    assert "bio/solutions" in page
    assert "2099-10-12 08:00" in page
    assert "Not handed out yet." in page
    assert "bio/week &lt;1&gt;" in page
    assert "1 von 5 hat es" in page_of(app, name, **{"Accept-Language": "de"})


def test_students_see_what_comes_when_and_where_it_lies(app: HubApp, tmp_path: Path) -> None:
    """With how it is with their own home, a way to it in their lab, and nobody else's name."""
    tell(app, told(tmp_path))
    chen, bob = page_of(app, "chen"), page_of(app, "b+ob")
    assert "your home is full" in chen
    assert 'user-redirect/lab/tree/bio/week%20%3C1%3E"' in chen
    assert "It comes when you start your lab." in bob
    for page in (chen, bob):
        assert "2099-10-12 08:00" in page
        assert "Not handed out yet." in page
        assert "have it" not in page
        assert "ada" not in page
        assert "bela" not in page


def test_observers_see_what_comes_and_nobodys_home(app: HubApp, tmp_path: Path) -> None:
    """They see members and dates."""
    tell(app, told(tmp_path))
    page = page_of(app, "olga")
    assert "Handed out." in page
    assert "stood there before" not in page
    assert "the home is full" not in page


def test_what_cannot_be_handed_out_is_told_to_who_grades(app: HubApp, tmp_path: Path) -> None:
    """What was handed out before is still shown."""
    tell(app, told(tmp_path, fault="is not there"))
    assert "cannot be handed out" in page_of(app, "ada")
    assert "1 of 5" in page_of(app, "ada")
    assert "cannot be handed out" not in page_of(app, "chen")


def test_a_course_without_handouts_shows_none(app: HubApp, tmp_path: Path) -> None:
    """Also where the file cannot be read: the last one that could be counts, and the page is shown."""
    tell(app, json.dumps({"handouts": []}))
    assert "Handouts" not in page_of(app, "ada")
    tell(app, told(tmp_path))
    assert "Handouts" in page_of(app, "ada")
    tell(app, '{"handouts": [{"name"')
    assert "Handouts" in page_of(app, "ada")


def test_a_lab_that_was_started_is_told_from_one_that_never_was(app: HubApp, tmp_path: Path) -> None:
    """Whose lab was started before has it with the next start."""
    tell(app, told(tmp_path))

    def start() -> Any:
        user = orm.User.find(app.hub.db, "b+ob")
        lab = orm.Spawner(user=user, name="", started=user.created)
        app.hub.db.add(lab)
        app.hub.db.commit()
        return lab

    lab = app.do(start)
    try:
        assert "It comes when your lab starts next" in page_of(app, "b+ob")
    finally:
        app.do(lambda: (app.hub.db.delete(lab), app.hub.db.commit()))


def test_the_file_counts_where_both_hand_out() -> None:
    """Into a folder that the file names for the course, what a teacher hands out on the page is not shown, since labs
    do not bring it; anything else is, by the name that labs tell of it, and of one that is not due neither name nor
    version."""
    of_file = [CourseHandout(name="w", to="bio/w", courses=["bio"], visible_at=None, revision=NEW, is_faulty=False)]
    one = {"course": "bio", "name": "week1", "to": "bio/week1", "visible_at": None, "revision": NEW}
    found = beside(of_file, [{**one, "to": "bio/w"}, one, {**one, "to": "bio/later", "visible_at": 4102444800}])
    assert [(each.name, each.to, each.revision) for each in found] == [
        ("w", "bio/w", NEW),
        ("bio/week1", "bio/week1", NEW),
        ("", "bio/later", ""),
    ]
