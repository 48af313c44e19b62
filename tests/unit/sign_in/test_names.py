"""Names, from a sign-in to what is on the engine: whoever is let in is nobody else, whatever they are called."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeroom.contract import home_names, sockets
from homeroom.guard.policy import Policy
from homeroom.guard.routes import is_home, is_lab_name
from homeroom.guard.values import COMPONENT
from homeroom.sign_in.authenticator import AccountAuthenticator
from homeroom.sign_in.front_door import SignIn
from homeroom.storage import homes
from hypothesis import given, settings
from hypothesis import strategies as st
from jupyterhub.auth import Authenticator
from nativeauthenticator.orm import UserInfo
from traitlets.config import Config

from generator.lifecycle import render
from generator.schema.types import USERNAME_PATTERN
from tests.hub_config import loaded
from tests.hub_database import new_database
from tests.sample_settings import settings as sample
from tests.unit.spawner.test_spawner import spawner

PASSWORD = "correct horse battery"
PLAIN = st.from_regex(USERNAME_PATTERN, fullmatch=True)
LOOK_ALIKES = str.maketrans({"k": "\u212a", "a": "\u0430", "e": "\uff45", "i": "\u0131", "s": "\u017f", "o": "\u03bf"})
"""Kelvin sign, Cyrillic, full-width, dotless, long s, Greek."""
HARMFUL = [
    "-rf",
    "--help",
    "ada\n",
    "ada\nroot",
    "\nada",
    "../ada",
    "..",
    ".",
    "",
    " ada",
    "ada ",
    "a/b",
    "a%2fb",
    "%2e%2e",
    "a\x00b",
    "a\\b",
    "ada:rw",
    "$(id)",
    "{username}",
    "ada;x",
    "a" * 65,
    "a" * 300,
    "\u212aim",
    "\u0430da",
    "ad\u200ba",
    "ada\u0301",
    "\u202eada",
    "\ud800",
]


def _look_alike(name: str) -> str:
    return name.translate(LOOK_ALIKES)


@st.composite
def dressed_up(draw: st.DrawFn) -> str:
    """A plain name in other clothes: another case, look-alikes, something before or after."""
    dresses: list[Callable[[str], str]] = [
        str.upper,
        str.title,
        str.swapcase,
        str,
        lambda name: name.translate(LOOK_ALIKES),
    ]
    before = draw(st.sampled_from(["", "../", " ", "-", "\n"]))
    after = draw(st.sampled_from(["", "\n", " ", "/", "\0"]))
    return before + draw(st.sampled_from(dresses))(draw(PLAIN)) + after


NAMES = PLAIN | dressed_up() | st.sampled_from(HARMFUL) | st.text(max_size=80)


@pytest.fixture(scope="module", params=["native", "dummy"])
def authenticator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Authenticator:
    """Each authenticator, as it is rendered for AUTH."""
    config = loaded(tmp_path_factory.mktemp(request.param), AUTH=request.param, HUB_IP="127.0.0.1")
    return SignIn(config=config, _deprecated_db_session=new_database())


def let_in(authenticator: Authenticator, name: str) -> str | None:
    """Who somebody is who types this name, or None where they are refused: the hub's own way, password aside."""

    class Answer(type(authenticator)):  # type: ignore[misc]  # whose answer is always yes
        async def authenticate(self, handler: Any, data: dict[str, str]) -> str:
            return data["username"]

    made = Answer.__new__(Answer)
    made.__dict__.update(authenticator.__dict__)
    found = asyncio.run(made.get_authenticated_user(None, {"username": name}))
    return str(found["name"]) if found else None


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_name_is_refused(authenticator: Authenticator, name: str) -> None:
    """Options, paths, line ends, 300 characters, look-alikes: nobody is let in under them."""
    assert let_in(authenticator, name) is None


@given(name=NAMES)
def test_whoever_is_let_in_has_a_plain_name(authenticator: Authenticator, name: str) -> None:
    """A name is refused, or it is the typed one in small letters of ASCII: no other spelling leads to somebody."""
    found = let_in(authenticator, name)
    assert found is None or (found == name.lower() and name.isascii() and re.fullmatch(r"[a-z0-9._@+-]{1,64}", found))
    if re.fullmatch(r"[a-z0-9][a-z0-9._@+-]{0,63}", name):
        assert found == name, "and a plain name, an e-mail address too, is not refused"


@given(one=NAMES, other=NAMES)
def test_two_names_are_two_people(authenticator: Authenticator, one: str, other: str) -> None:
    """Two names lead to one person only where they differ in nothing but the case of ASCII's letters."""
    first, second = let_in(authenticator, one), let_in(authenticator, other)
    if first is not None and first == second:
        assert one.encode().lower() == other.encode().lower()


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AccountAuthenticator]:
    """The authenticator that keeps accounts, with a database."""
    config = loaded(tmp_path_factory.mktemp("accounts"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        yield AccountAuthenticator(config=config, _deprecated_db_session=new_database())


@given(name=NAMES)
def test_a_sign_up_makes_the_typed_account_or_none(name: str, accounts: AccountAuthenticator) -> None:
    """What is signed up for is the account of that name in small letters; a refusal makes none."""
    before = {account.username for account in UserInfo.all_users(accounts.db)}
    made = accounts.create_user(name, PASSWORD)
    after = {account.username for account in UserInfo.all_users(accounts.db)}
    assert after - before == ({name.lower()} if made else set())
    assert not made or (name.isascii() and accounts.validate_username(made.username))


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The hub's configuration."""
    return loaded(tmp_path_factory.mktemp("rendered"))


SERVERS = st.just("") | st.sampled_from(["a", "A", "-", "--", "x--y", "thesis"]) | st.text(min_size=1, max_size=20)
LAB = st.tuples(PLAIN, SERVERS)


@settings(max_examples=30)
@given(one=LAB, other=LAB)
def test_two_labs_are_two_on_the_engine(rendered: Config, one: tuple[str, str], other: tuple[str, str]) -> None:
    """Two people never share a home, be it a volume or a directory; two labs never a container or a socket, nor is a
    person's name with a server's taken for another's."""
    first, second = (spawner(rendered, *lab) for lab in (one, other))
    assert (first.home_volume == second.home_volume) == (one[0] == other[0])
    assert (home_names.directory_name(one[0]) == home_names.directory_name(other[0])) == (one[0] == other[0])
    assert first.container_name != second.container_name
    assert (first.socket_directory == second.socket_directory) == (one == other)


@settings(max_examples=20)
@given(name=PLAIN)
def test_what_is_made_for_a_name_is_plain(rendered: Config, name: str) -> None:
    """The engine, the guard and the file system take every name that is let in, and take it for one name."""
    made = spawner(rendered, name)
    policy = Policy.from_json(render.rendered_files(sample(), Path("no-site"))[render.GUARD_POLICY])
    assert is_home(made.home_volume, policy)
    assert is_lab_name(made.container_name, policy)
    assert homes.HOME_NAME.fullmatch(home_names.directory_name(name))
    assert made.home_volume == f"homeroom-user-{home_names.directory_name(name)}"
    assert made.socket_directory.parent == sockets.LABS


@given(name=st.text())
def test_a_directory_gives_its_name_back(name: str) -> None:
    """Whatever an authenticator of the operator's may let in: a home's name holds the person's whole, so no two are
    one. What is too long for a directory the guard refuses; nothing is cut."""
    made = home_names.directory_name(name)
    parts = re.findall(r"-([0-9a-f]{2})|([a-z0-9])", made)
    assert bytes(int(code, 16) if code else ord(plain) for code, plain in parts) == name.encode(
        "utf-8", "surrogatepass"
    )
    assert bool(COMPONENT.fullmatch(made)) == (0 < len(made) <= 200)


def test_two_servers_of_one_person_are_two(rendered: Config) -> None:
    """Servers that differ in case alone have containers of their own: starting one does not remove the other."""
    assert spawner(rendered, "ada", "A").container_name != spawner(rendered, "ada", "a").container_name


def test_a_look_alike_of_a_letter_is_not_the_letter(tmp_path: Path) -> None:
    """JupyterHub itself takes the Kelvin sign for a k: this test fails when that ends, and PlainNames may go."""
    config = loaded(tmp_path, AUTH="dummy", HUB_IP="127.0.0.1")
    assert Authenticator(config=config).normalize_username("\u212aim") == "kim"
    assert let_in(SignIn(config=config), "\u212aim") is None
