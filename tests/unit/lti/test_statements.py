"""homeroom.lti: what a launch costs the database, which the hub asks within its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from homeroom.lti import launches
from homeroom.sign_in.front_door import SignIn
from sqlalchemy import event
from sqlalchemy.orm import Session
from traitlets.config import Config

from tests.lti_platform import CLIENT_ID, DEPLOYMENT_ID, ISSUER, MOODLE, Person, claims_of


@pytest.fixture
def door(db: Session) -> SignIn:
    """The hub's authenticator, with one platform."""
    config = Config()
    config.SignIn.ways = {"lti": "homeroom.lti.way.LTIWay"}
    config.SignIn.people_file = "/nonexistent"
    config.LTIWay.public_url = "https://hub.example/"
    config.LTIWay.platforms = [MOODLE]
    config.LTIWay.allow_all = True
    return SignIn(config=config, _deprecated_db_session=db)


@contextmanager
def statements(db: Session) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement != "SELECT 1":  # JupyterHub's own look whether the database is there
            asked.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.get_bind(), "before_cursor_execute", note)


def launch(db: Session, door: SignIn, person: Person) -> dict[str, Any]:
    """A launch from the login to what JupyterHub is told of the person, without what comes over the network."""
    way: Any = door.opened["lti"]
    platform = way.choose(db, ISSUER, CLIENT_ID, DEPLOYMENT_ID)
    begun = launches.begin(db, platform, DEPLOYMENT_ID)
    found = launches.find(db, begun.state, begun.browser)
    platform = way.choose(db, found.issuer, found.client_id, found.deployment_id)
    launches.take(db, found, begun.nonce)
    identity = way.identity(db, platform, claims_of(ISSUER, begun.nonce, person))
    model = asyncio.run(door.let_in(identity))
    assert model is not None
    return model


def test_a_launch_asks_the_database_little(db: Session, door: SignIn) -> None:
    """A class comes within seconds, and everybody else waits for each statement: there are few, for who is known
    the fewest, and no group or course is written that is as it was."""
    for _ in range(2):
        launch(db, door, Person(sub="1"))  # the first one tidies up, and what is said of the link is noted
    with statements(db) as asked:
        name = launch(db, door, Person(sub="2"))["name"]
    assert len(asked) <= 14, "\n".join(asked)
    db.expunge_all()
    with statements(db) as asked:
        assert launch(db, door, Person(sub="2"))["name"] == name
    assert len(asked) <= 8, "\n".join(asked)
    written = [each.split()[:3] for each in asked if not each.startswith("SELECT")]
    assert [table for _, table, *_ in written if "memberships" in table or "groups" in table] == []
