"""homeroom.lookups: the hub asks its database for less, and answers the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from homeroom.hub import lookups
from homeroom.hub.lookups import skip_redundant_queries
from jupyterhub.oauth import provider
from jupyterhub.roles import create_role, grant_role
from jupyterhub.utils import new_token
from oauthlib.oauth2 import InvalidClientIdError
from sqlalchemy import event
from sqlalchemy.orm import Session, selectinload

from jupyterhub import orm
from tests.hub_database import new_database

SECRET = new_token()
CALLBACK = "/user/ada/oauth_callback"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """The hub's session, on a database with two people, a group that both are in, and the lab of one."""
    skip_redundant_queries()
    with new_database(str(tmp_path / "jupyterhub.sqlite")) as made:
        create_role(made, {"name": "user", "scopes": ["self"]})
        group = orm.Group(name="class")
        for name in ("ada", "grace"):
            person = orm.User(name=name, groups=[group])
            made.add(person)
            grant_role(made, person, "user")
        made.commit()
        yield made
    made.get_bind().engine.dispose()


@pytest.fixture
def statements(session: Session) -> list[str]:
    """What is asked of the database from now on."""
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: asked.append(call[2]))
    return asked


def find(session: Session, name: str) -> Any:
    """Look a person up as the hub does at each request."""
    return session.query(orm.User).filter(orm.User.name == name).first()


def test_a_person_in_memory_is_one_statement(session: Session, statements: list[str]) -> None:
    """Their groups, roles and shares are not asked for again, nor is it tried whether the database is there."""
    ada = find(session, "ada")
    session.commit()
    assert ([group.name for group in ada.groups], list(ada.shared_with_me)) == (["class"], [])
    statements.clear()
    assert find(session, "ada") is ada
    assert len(statements) == 1, statements


def test_a_person_is_loaded_whole(session: Session) -> None:
    """Of somebody who is not in memory, all is there where it is used, and changes are seen."""
    session.expunge_all()
    ada = find(session, "ada")
    assert [group.name for group in ada.groups] == ["class"]
    assert [role.name for role in ada.roles] == ["user"]
    ada.groups = []
    session.commit()
    assert find(session, "ada").groups == []


@pytest.mark.parametrize("limit", [None, 50])
def test_of_many_people_all_is_loaded_at_once(session: Session, statements: list[str], limit: int | None) -> None:
    """A list of people, or a page of it, is as many statements for two as for two thousand."""
    session.expunge_all()
    people = session.query(orm.User).limit(limit).all()
    loaded = len(statements)
    assert [[group.name for group in person.groups] for person in people] == [["class"], ["class"]]
    assert [[role.name for role in person.roles] for person in people] == [["user"], ["user"]]
    assert len(statements) == loaded


def test_a_query_that_says_what_it_loads_is_left_alone(session: Session, statements: list[str]) -> None:
    """A page of one person, as the hub's API lists people."""
    session.expunge_all()
    (ada,) = session.query(orm.User).options(selectinload(orm.User.groups)).order_by(orm.User.id).limit(1)
    loaded = len(statements)
    assert [group.name for group in ada.groups] == ["class"]
    assert len(statements) == loaded


class Lab:
    """The lab of `ada` as the hub's OAuth server knows it, and somebody at the door."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.server: Any = provider.make_provider(lambda: session, url_prefix="/hub/api/oauth2", login_url="/hub/login")
        self.client = self.add(SECRET)
        self.client.spawner = orm.Spawner(name="", user=find(session, "ada"))
        session.commit()

    def add(self, secret: str) -> Any:
        """Make the client, or change it, as the start of a lab does."""
        return self.server.add_client("jupyterhub-user-ada", secret, CALLBACK, allowed_scopes=[])

    def authorize(self) -> str:
        """What the hub does when somebody opens the lab; returns the code."""
        asked = {"client_id": "jupyterhub-user-ada", "redirect_uri": CALLBACK, "response_type": "code", "state": "s"}
        uri = f"/hub/api/oauth2/authorize?{urlencode(asked)}"
        user = SimpleNamespace(orm_user=find(self.session, "ada"))  # the hub's wrapper of a person
        self.server.request_validator._current_user = user
        scopes, credentials = self.server.validate_authorization_request(uri, "GET", "", {})
        more = {"user": user, "session_id": "session"}
        headers, _, status = self.server.create_authorization_response(
            uri, "POST", "", {}, scopes, {**credentials, **more}
        )
        assert status == 302
        code: str = headers["Location"].partition("code=")[2].partition("&")[0]
        return code

    def exchange(self, code: str, secret: str) -> int:
        """What the hub does when the lab comes with the code; returns the status."""
        asked = {"client_id": "jupyterhub-user-ada", "client_secret": secret, "code": code}
        body = urlencode({**asked, "grant_type": "authorization_code", "redirect_uri": CALLBACK})
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        status: int = self.server.create_token_response("/hub/api/oauth2/token", "POST", body, form, {})[2]
        return status


@pytest.fixture
def lab(session: Session) -> Lab:
    """One lab."""
    return Lab(session)


def test_a_client_is_asked_for_once(lab: Lab, statements: list[str]) -> None:
    """A whole sign-in to a lab whose client is in memory: only the code that is deleted at its end has it loaded."""
    assert isinstance(lab.server.request_validator, provider.JupyterHubRequestValidator)
    assert lab.exchange(lab.authorize(), SECRET) == 200
    statements.clear()
    assert lab.exchange(lab.authorize(), SECRET) == 200
    assert len([one for one in statements if "FROM oauth_clients" in one]) == 1, statements
    assert len(statements) <= 17, statements


@pytest.mark.parametrize("change", [lambda code: code + "x", lambda code: ""])
def test_a_wrong_code_is_refused(lab: Lab, change: Callable[[str], str]) -> None:
    """Also from a lab whose client is in memory; the right one holds once."""
    code = lab.authorize()
    assert lab.exchange(change(code), SECRET) in (400, 401)
    assert lab.exchange(code, SECRET) == 200
    assert lab.exchange(code, SECRET) in (400, 401)


def test_a_secret_that_was_changed_counts(lab: Lab) -> None:
    """A lab that was started anew has another secret; the old one is worth nothing at once."""
    assert lab.exchange(lab.authorize(), SECRET) == 200
    newer = new_token()
    lab.add(newer)
    assert lab.exchange(lab.authorize(), SECRET) == 401
    assert lab.exchange(lab.authorize(), newer) == 200


@pytest.mark.parametrize("committed", [True, False])
def test_a_client_that_was_removed_is_unknown(lab: Lab, committed: bool) -> None:
    """Nobody signs in to a lab that is gone, although somebody still holds what it was."""
    code = lab.authorize()
    lab.session.delete(lab.client)
    if committed:
        lab.session.commit()
    assert lab.exchange(code, SECRET) == 401
    with pytest.raises(InvalidClientIdError):
        lab.authorize()


def test_signing_in_over_and_over_fills_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens their lab for ever leaves a bounded number of sign-ins behind, and the newest stay."""
    monkeypatch.setattr(lookups, "MOST_SIGN_INS", 3)
    for _ in range(12):
        assert lab.exchange(lab.authorize(), SECRET) == 200
    kept = [token.id for token in lab.session.query(orm.APIToken)]
    assert len(kept) <= 2 * 3 + 1
    assert max(kept) == 12
