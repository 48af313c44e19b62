"""homeroom.accounts, on a real database file, as the generator calls it."""

from __future__ import annotations

import io
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeroom import accounts
from nativeauthenticator.orm import UserInfo

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the fewest rounds: the tests are about who gets in, not about how long a guess takes."""
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database file in place of the hub's."""
    path = tmp_path / "jupyterhub.sqlite"
    monkeypatch.setattr(accounts, "DATABASE", path)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a verb with something on standard input; gives its one line of JSON."""

    def run_verb(*arguments: str, stdin: str = "") -> Any:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        assert accounts.main(list(arguments)) == 0
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)

    return run_verb


def account(database: Path, name: str) -> UserInfo:
    with accounts.open_session(database) as session:
        found = UserInfo.find(session, name)
    assert found is not None
    return found


def test_an_added_account_is_approved(run: Any, database: Path) -> None:
    """`add` makes an account that can sign in at once, also where the hub has made no table yet."""
    assert run("exists", "admin") == {"done": False}
    assert run("add", "admin", stdin=f"{PASSWORD}\n") == {"done": True}
    assert run("exists", "admin") == {"done": True}
    made = account(database, "admin")
    assert made.is_authorized
    assert made.is_valid_password(PASSWORD)


def test_a_new_password_replaces_the_old(run: Any, database: Path) -> None:
    """`password` changes an account that is there, and neither approves nor doubles it."""
    with accounts.open_session(database) as session:
        session.add(UserInfo(username="ada", password=b"x", is_authorized=False))
        session.commit()
    assert run("password", "ada", stdin=f"{PASSWORD}\n") == {"done": True}
    assert account(database, "ada").is_valid_password(PASSWORD)
    assert run("summary") == {"accounts": 1, "waiting": ["ada"]}


def test_a_password_for_nobody_makes_no_account(run: Any) -> None:
    """`password` for a name without an account says so and makes none: a typo is not a new person."""
    assert run("password", "nobody", stdin=f"{PASSWORD}\n") == {"done": False}
    assert run("summary") == {"accounts": 0, "waiting": []}


def test_adding_twice_leaves_one_account(run: Any, database: Path) -> None:
    """An interrupted first run that adds the administrator again ends with one account and the last password."""
    run("add", "admin", stdin="first-password\n")
    run("add", "admin", stdin=f"{PASSWORD}\n")
    assert run("summary")["accounts"] == 1
    assert account(database, "admin").is_valid_password(PASSWORD)


def test_the_summary_names_who_waits(run: Any, database: Path) -> None:
    """`summary` counts everyone and names those who wait, in order."""
    with accounts.open_session(database) as session:
        for name, approved in (("zoe", False), ("ada", True), ("bob", False)):
            session.add(UserInfo(username=name, password=b"x", is_authorized=approved))
        session.commit()
    assert run("summary") == {"accounts": 3, "waiting": ["bob", "zoe"]}


@pytest.mark.parametrize("password", ["with spaces inside ", "quotes'\"$", "ä€", "x" * 72])
def test_a_password_arrives_as_it_was_sent(run: Any, database: Path, password: str) -> None:
    """Of standard input only the line's end is left off."""
    run("add", "ada", stdin=f"{password}\n")
    assert account(database, "ada").is_valid_password(password)


def test_a_password_is_never_an_argument(capsys: pytest.CaptureFixture[str]) -> None:
    """A password on the command line, which everybody on the host could read, is refused."""
    with pytest.raises(SystemExit, match="2"):
        accounts.main(["add", "ada", PASSWORD])
    assert "unrecognized arguments" in capsys.readouterr().err


def test_a_password_is_kept_as_a_hash(run: Any, database: Path) -> None:
    """The password itself is nowhere in the database file."""
    run("add", "ada", stdin=f"{PASSWORD}\n")
    assert PASSWORD.encode() not in database.read_bytes()


@pytest.mark.parametrize("stdin", ["ä" * 37 + "\n", "\n", ""])
def test_a_password_that_cannot_be_one_is_refused(run: Any, stdin: str) -> None:
    """More than 72 bytes, of which bcrypt would drop the end, or nothing at all: an error, and no account."""
    with pytest.raises(ValueError, match="1 to 72 bytes"):
        run("add", "ada", stdin=stdin)
    assert run("summary")["accounts"] == 0


def test_an_unknown_verb_is_refused() -> None:
    """Anything else than the four verbs ends with 2."""
    with pytest.raises(SystemExit, match="2"):
        accounts.main(["delete", "ada"])
