"""What labs tell of handouts: kept for each person, shown to them, and answered to the operator."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from homeroom.handouts import person, report
from homeroom.handouts.records import ToldHandout, of_user
from homeroom.sign_in import known_names
from homeroom.sign_in.marks import SHARED

from generator.topics.handouts import delivery
from jupyterhub import orm
from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

WEEK1 = {"name": "week1", "to": "algo/week1", "revision": "a" * 32, "state": "delivered", "copied": 3, "kept": 1}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub that ada, bela and chen have labs at."""
    directory = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        with HubApp(directory, loaded(directory)).running() as made:
            add_people(made, "ada", "bela", "chen")
            yield made


def tell(app: HubApp, name: str, told: Any, by: str, *, scope: str = "users:activity!user") -> int:
    """Tell the hub of somebody's handouts, as a lab of `by`; returns the answer's status."""
    token: str = app.do(lambda: orm.User.find(app.hub.db, by).new_api_token(scopes=[scope]))
    headers = {"Authorization": f"token {token}"}
    address = f"{app.address}/api/homeroom/handouts/{name}"
    return app.browser().post(address, headers=headers, json=told, timeout=30).status_code


def known(app: HubApp, name: str) -> dict[str, str]:
    """What the hub knows: handouts and their states."""
    found: dict[str, str] = app.do(lambda: {one.name: one.state for one in of_user(app.hub.db, name)})
    return found


def test_a_lab_tells_and_the_last_word_counts(app: HubApp) -> None:
    """Of its own user; what it sees no longer is forgotten."""
    assert tell(app, "ada", {"handouts": [WEEK1, {**WEEK1, "name": "week2", "state": "full"}]}, "ada") == 204
    assert known(app, "ada") == {"week1": "delivered", "week2": "full"}
    assert tell(app, "ada", {"handouts": [WEEK1]}, "ada") == 204
    assert known(app, "ada") == {"week1": "delivered"}
    assert known(app, "bela") == {}


def test_nobody_tells_of_another(app: HubApp) -> None:
    """A lab speaks of its own user alone, and not without the right to."""
    assert tell(app, "bela", {"handouts": [WEEK1]}, "ada") == 404
    assert tell(app, "bela", {"handouts": [WEEK1]}, "bela", scope="read:users!user") == 403
    assert known(app, "bela") == {}


def test_one_of_a_courses_page_has_the_course_before_it(app: HubApp) -> None:
    """As labs tell it."""
    row = {**WEEK1, "name": "biology/week1"}
    assert tell(app, "chen", {"handouts": [row, WEEK1]}, "chen") == 204
    assert known(app, "chen") == {"biology/week1": "delivered", "week1": "delivered"}
    assert tell(app, "chen", {"handouts": []}, "chen") == 204


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../x"},
        {"name": "x" * 65},
        {"to": ""},
        {"to": "two\nlines"},
        {"to": "x" * 256},
        {"revision": "<b>"},
        {"state": "perfect"},
        {"copied": -1},
        {"kept": True},
        {"copied": 10**12},
        {"name": None},
    ],
)
def test_what_no_lab_would_tell_is_refused(app: HubApp, wrong: dict[str, Any]) -> None:
    """Whatever a lab sends, what is kept can be shown, and is bounded."""
    assert tell(app, "bela", {"handouts": [{**WEEK1, **wrong}]}, "bela") == 400
    assert known(app, "bela") == {}


@pytest.mark.parametrize("told", [None, [], {}, {"handouts": {}}, {"handouts": [3]}, {"handouts": [WEEK1] * 501}])
def test_what_has_another_form_is_refused(app: HubApp, told: Any) -> None:
    """Also as a whole."""
    assert tell(app, "bela", told, "bela") == 400


def test_the_operator_learns_who_has_what(app: HubApp) -> None:
    """Members by site file and hub's groups; who never had a lab; what labs told, of which revision. A lab in which a
    course is graded is nobody who would have a handout."""
    tell(app, "chen", {"handouts": [{**WEEK1, "state": "full"}]}, "chen")
    tell(app, "ada", {"handouts": [WEEK1]}, "ada")

    def join() -> Path:
        group = orm.Group.find(app.hub.db, "lms") or orm.Group(name="lms")
        group.users = [orm.User.find(app.hub.db, "chen")]
        app.hub.db.add(group)
        user = orm.User.find(app.hub.db, "ada")
        app.hub.db.add(orm.Spawner(user=user, name="", started=user.created))
        known_names.set_mark(app.hub.db, "grader-algo", SHARED)
        app.hub.db.add(orm.User(name="grader-algo"))
        app.hub.db.commit()
        return Path(str(app.hub.db.get_bind().url.database))

    path = app.do(join)
    groups = {"algo": {"members": ["ada", "bela", "zoe"], "hub_groups": ["algo", "lms"]}}
    found = json.loads(json.dumps(report.collected(path, groups)))
    answer = delivery.Answer(
        people=found["people"],
        members=found["members"],
        never_started=frozenset(found["never_started"]),
        told={(one["user"], one["name"]): one for one in found["told"]},
    )
    assert "grader-algo" not in found["people"]
    assert answer.members["algo"] == ["ada", "bela", "chen", "zoe"]
    week1 = _known("algo")
    states = {"ada": "delivered", "bela": "never", "chen": "full", "zoe": "never"}
    assert delivery.of(week1, "a" * 32, answer) == states
    assert delivery.of(week1, "b" * 32, answer)["ada"] == "coming"
    assert delivery.of(_known("lms"), "a" * 32, answer) == {"chen": "full"}
    of_course = replace(answer, members={"course-bio-teachers": ["ada"], "course-bio-students": ["bela"]})
    assert delivery.of(_known(course="bio"), "a" * 32, of_course) == {"ada": "delivered", "bela": "never"}


def _known(*groups: str, course: str = "") -> Any:
    from generator.topics.handouts.handouts import Known
    from generator.topics.handouts.site import Handout

    given = {"name": "week1", "from": "week1", "to": "algo/week1"}
    who = {"courses": [course]} if course else {"groups": list(groups)}
    return Known(handout=Handout.model_validate({**given, **who}), visible_at=None)


def test_it_is_exported_and_forgotten_with_the_person(app: HubApp) -> None:
    """What is kept of somebody is in their export, and goes with them; of others it stays."""
    tell(app, "ada", {"handouts": [WEEK1]}, "ada")
    tell(app, "bela", {"handouts": [WEEK1]}, "bela")
    path = app.do(lambda: str(app.hub.db.get_bind().url.database))
    with closing(sqlite3.connect(path)) as database, database:
        (row,) = person.of_person(database, "ada")["handouts"]
        assert (row["name"], row["folder"], row["state"], row["copied"], row["kept"]) == (
            *("week1", "algo/week1", "delivered"),
            *(3, 1),
        )
        person.forget(database, "ada")
        assert person.of_person(database, "ada") == {"handouts": []}
        assert len(person.of_person(database, "bela")["handouts"]) == 1
    assert ToldHandout.__tablename__ == "homeroom_handouts"


def test_without_a_table_there_is_nothing(tmp_path: Path) -> None:
    """A database of an earlier version has none yet."""
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as database:
        assert person.of_person(database, "ada") == {"handouts": []}
        person.forget(database, "ada")
