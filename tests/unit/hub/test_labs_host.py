"""The names of hosts that labs have, and who is told whether somebody has one."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.hub.lab_names import LabNameHandler, is_known
from homeroom.hub.labs_host import LabsHost, label
from hypothesis import given
from hypothesis import strategies as st
from jupyterhub.utils import subdomain_hook_idna
from tornado import web

from jupyterhub import orm
from tests.examples import examples
from tests.hub_database import new_database

LABS = LabsHost("labs.test", apart=True)
NAMES = st.one_of(st.text(min_size=1), st.from_regex(r"[a-z0-9@+._-]{1,80}", fullmatch=True))
HASHED = re.compile(r"u-[a-z0-9]{1,8}--[a-z2-7]{26}")


@pytest.mark.parametrize("name", ["ada", "ada-lovelace", "01234567", "a", "x" * 63])
def test_a_name_that_is_a_label_stands_for_itself(name: str) -> None:
    """Most addresses can be read, and typed."""
    assert LABS(name, "hub.test", kind="user") == f"{name}.labs.test"


@pytest.mark.parametrize(
    "name",
    ["b+ob", "ada@uni.example", "Ada", "ada.b", "-ada", "ada-", "a--b", "a_b", "x" * 64, "zoë", "xn--zo-jma", ""],
)
def test_any_other_name_has_a_label_too(name: str) -> None:
    """Characters, capitals and lengths that no host has: a part that tells whose it is, and one that tells it from all
    others."""
    assert HASHED.fullmatch(label(name))


def test_a_label_is_for_ever() -> None:
    """It is the same in each hub and version: bookmarks, cookies and certificates go by it."""
    assert label("b+ob") == "u-bob--xfl4ejp2von3lm4cm7zqqxsjbi"


@examples(200)
@given(NAMES, NAMES)
def test_no_two_names_have_one_label(one: str, other: str) -> None:
    """Nor does a name that looks like another's label get it; and each is one that the DNS takes, in small letters."""
    both = {label(one), label(other)}
    assert (len(both) == 1) == (one == other)
    if label(one) != one:
        assert label(label(one)) != label(one)
    for each in both:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", each)


def test_jupyterhubs_own_hook_falls_short() -> None:
    """It gives names that differ in capitals one host, which is why ours is not built on it; where it no longer does,
    and its hash is longer, ours can go."""
    assert subdomain_hook_idna("Ada", "x", "user").lower() == subdomain_hook_idna("ada", "x", "user")
    assert len(subdomain_hook_idna("b+ob", "x", "user").split(".")[0].split("--")[1]) == 7


def test_all_labs_on_one_host() -> None:
    """Without hosts apart every name has the same, and so have services in any case."""
    assert LabsHost("labs.test")("b+ob", "hub.test", kind="user") == "labs.test"
    assert LABS("stats", "hub.test", kind="service") == "labs.test"


@pytest.fixture
def db() -> Any:
    """A hub's database with three users."""
    made = new_database()
    made.add_all([orm.User(name=name) for name in ("ada", "b+ob", "Ada")])
    made.commit()
    return made


@pytest.mark.parametrize("name", ["ada", "b+ob", "Ada"])
def test_a_users_host_is_known(db: Any, name: str) -> None:
    """Whatever the name is like."""
    assert is_known(db, LABS, LABS(name))


@pytest.mark.parametrize(
    "host",
    ["", "ada", "labs.test", "eve.labs.test", "x.ada.labs.test", "ada.hub.test", "Ada.labs.test", "b+ob.labs.test",
     f"{label('eve+1')}.labs.test", "u-bob--aaaaaaaaaaaaaaaaaaaaaaaaaa.labs.test", "' or 1=1--.labs.test"],
)  # fmt: skip
def test_no_other_host_is_known(db: Any, host: str) -> None:
    """No certificate is had for who is no user, for another domain, or for what only looks like a user's."""
    assert not is_known(db, LABS, host)


@pytest.mark.parametrize(("address", "host", "status"), [
    ("127.0.0.1", "ada.labs.test", 200),
    ("127.0.0.1", "eve.labs.test", 404),
    ("198.51.100.7", "ada.labs.test", 404),
])  # fmt: skip
def test_only_the_edge_is_told(db: Any, address: str, host: str, status: int) -> None:
    """Everybody else hears the same of every name: who is a user is nobody's to find out."""
    said: list[int] = []
    handler = SimpleNamespace(
        db=db,
        settings={"subdomain_hook": LABS},
        request=SimpleNamespace(remote_ip=address),
        get_query_argument=lambda _name, _default: host,
        finish=lambda: said.append(200),
    )
    try:
        LabNameHandler.get(handler)  # type: ignore[arg-type]
    except web.HTTPError as refused:
        said.append(refused.status_code)
    assert said == [status]
