"""The way `sso`: who is believed, who gets in as whom, and who is out when the web server says somebody else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.sign_in import identities
from homeroom.sign_in.front_door import SignIn
from homeroom.sign_in.way import Identity, Refused
from homeroom.sso.way import SsoWay
from tornado.httputil import HTTPHeaders
from traitlets.config import Config

from jupyterhub import orm, roles
from tests.hub_database import new_database

SECRET = "0123456789abcdef" * 4
ADA = {"X-SSO-Secret": SECRET, "X-SSO-User": "ada@uni.example"}


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSO_SECRET", SECRET)


@pytest.fixture
def front() -> Iterator[socket.socket]:
    """The hub's end of a connection over which no lab can come."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            yield accepted


@pytest.fixture
def lab() -> Iterator[socket.socket]:
    """The hub's end of a connection over its socket, by a user that is neither the hub's nor the proxy's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        yield ours


def request(at: socket.socket, **sent: str) -> Any:
    """A handler with such a request."""
    stream = SimpleNamespace(socket=at, closed=lambda: False)
    headers = HTTPHeaders(sent)
    return SimpleNamespace(
        request=SimpleNamespace(headers=headers, connection=SimpleNamespace(stream=stream), remote_ip="192.0.2.1"),
        clear_login_cookie=lambda: None,
    )


def way(**traits: Any) -> SsoWay:
    """The way, with these traits."""
    return SsoWay(config=Config({"SsoWay": {"allow_all": True, **traits}}))


def refusal(made: SsoWay, handler: Any) -> Refused:
    """Why nobody is recognised."""
    with pytest.raises(Refused) as refused:
        made.recognise(handler)
    return refused.value


def test_who_somebody_is(front: socket.socket) -> None:
    """Name, e-mail, name to show and groups are what the web server says; what never changes may stand elsewhere."""
    made = way(
        subject_header="X-SSO-Id",
        email_header="X-SSO-Email",
        display_name_header="X-SSO-Name",
        groups_header="X-SSO-Groups",
        admin_groups={"sso-wheel"},
    )
    more = {"X-SSO-Id": "17", "X-SSO-Email": "a@b.example", "X-SSO-Name": "Ada", "X-SSO-Groups": "wheel;physics"}
    assert made.recognise(request(front, **ADA, **more)) == Identity(
        way="sso",
        subject="17",
        name="ada@uni.example",
        display_name="Ada",
        email="a@b.example",
        groups=frozenset({"sso-wheel", "sso-physics"}),
        admin=True,
    )
    plain = way().recognise(request(front, **ADA))
    assert (plain.subject, plain.groups, plain.admin) == ("ada@uni.example", None, None)


def test_a_lab_is_not_believed(lab: socket.socket) -> None:
    """A lab that knows the secret and sends it to the hub's own socket is nobody."""
    assert refusal(way(), request(lab, **ADA)).reason == "not-by-the-front"


@pytest.mark.parametrize("secret", ["", "wrong", SECRET[:-1], SECRET.upper()])
def test_a_guest_is_not_believed(front: socket.socket, secret: str) -> None:
    """Without the secret a header is anybody's word."""
    assert refusal(way(), request(front, **{**ADA, "X-SSO-Secret": secret})).reason == "not-by-the-front"


def test_without_a_secret_nobody_is_believed(front: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that was given none believes nobody, also not who sends none."""
    monkeypatch.setenv("SSO_SECRET", "")
    assert refusal(way(), request(front, **{"X-SSO-Secret": "", "X-SSO-User": "ada"})).reason == "not-by-the-front"


@pytest.mark.parametrize("name", ["", "(null)", "-"])
def test_nobody_is_nobody(front: socket.socket, name: str) -> None:
    """Who is signed in nowhere, or whose institution says no name, is told so; the operator reads which header."""
    found = refusal(way(), request(front, **{**ADA, "X-SSO-User": name}))
    assert (found.reason, found.detail) == ("no-user", "X-SSO-User is missing or says nothing")
    found = refusal(way(subject_header="X-SSO-Id"), request(front, **ADA))
    assert (found.reason, found.detail) == ("no-user", "X-SSO-Id is missing or says nothing")


def test_a_role_is_needed(front: socket.socket) -> None:
    """Where roles are asked for, one of them is needed, whatever else lets somebody in."""
    made = way(role_header="X-SSO-Role", required_roles={"member", "staff"})
    assert made.recognise(request(front, **ADA, **{"X-SSO-Role": "guest;staff"})).name == "ada@uni.example"
    for roles_sent in ({}, {"X-SSO-Role": "guest"}, {"X-SSO-Role": "(null)"}, {"X-SSO-Role": "staffer"}):
        found = refusal(made, request(front, **ADA, **roles_sent))
        assert found.reason == "no-role"
        assert "ada@uni.example has" in found.detail


def test_a_role_without_a_header_lets_in_nobody(front: socket.socket) -> None:
    """A role that is asked for, and that no header says, nobody has."""
    assert refusal(way(required_roles={"staff"}), request(front, **ADA)).reason == "no-role"


@pytest.fixture
def door() -> SignIn:
    """The hub's authenticator, with this way."""
    db = new_database()
    orm.Base.metadata.create_all(db.get_bind())
    for role in roles.get_default_roles():
        roles.create_role(db, role)
    config = Config({"SignIn": {"ways": {"sso": "homeroom.sso.way.SsoWay"}, "people_file": "/nonexistent"}})
    config.SsoWay.update({"allow_all": True, "everywhere": True})
    return SignIn(config=config, _deprecated_db_session=db)


@pytest.mark.parametrize(
    ("sent", "stays"),
    [
        (ADA, True),
        ({**ADA, "X-SSO-User": "bela@uni.example"}, False),
        ({**ADA, "X-SSO-User": "(null)"}, False),
        ({"X-SSO-User": "ada@uni.example"}, False),
        ({}, False),
    ],
)
def test_somebody_else_in_the_same_browser_is_asked_to_sign_in(
    door: SignIn, front: socket.socket, sent: dict[str, str], stays: bool
) -> None:
    """Where the web server says on each page who asks, a browser that is another person's by now, or nobody's, is
    signed out; a token is not a browser's."""
    identity = door.opened["sso"].recognise(request(front, **ADA))  # type: ignore[attr-defined]  # it is this way
    model = asyncio.run(door.authenticate(request(front, **ADA), identity))
    assert model is not None
    user = orm.User(name=model["name"])
    door.db.add(user)
    door.db.commit()
    assert identities.find(door.db, "sso", "ada@uni.example") is not None
    handler = request(front, **sent)
    cleared: list[bool] = []
    handler.clear_login_cookie = lambda: cleared.append(True)
    assert asyncio.run(door.refresh_user(user, handler)) is stays
    assert cleared == ([] if stays else [True])
    handler._token_authenticated = True
    assert asyncio.run(door.refresh_user(user, handler)) is True


def test_only_the_sign_in_page_says_who_asks(door: SignIn, front: socket.socket) -> None:
    """Where the web server protects that page alone, the others say nothing, and nobody is signed out for it."""
    found = door.opened["sso"]
    found.everywhere = False  # type: ignore[attr-defined]  # it is this way
    assert not found.contradicts(request(front), Identity(way="sso", subject="ada", name="ada"))
