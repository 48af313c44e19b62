"""homeroom.sign_in.accounts, on a real database file, as the generator calls it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeroom.sign_in import accounts
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.known_names import KnownName, mark_of
from homeroom.sign_in.marks import LEAVING, REMOVED, RENEWED, TOKEN
from jupyterhub.orm import User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.hub_database import new_database

PASSWORD = "correct horse battery"
JUPYTERHUB = Path(__file__).resolve().parents[3] / "jupyterhub"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the fewest rounds: the tests are about who gets in, not about how long a guess takes."""
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database file in place of the hub's, as the hub makes it."""
    path = tmp_path / "jupyterhub.sqlite"
    new_database(str(path)).close()
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


def opened(database: Path) -> Session:
    """A session of the hub's kind."""
    return Session(create_engine(f"sqlite:///{database}"))


def account(database: Path, name: str) -> UserInfo:
    with opened(database) as session:
        found = UserInfo.find(session, name)
    assert found is not None
    return found


def test_an_added_account_is_approved(run: Any, database: Path) -> None:
    """`add` makes an account that can sign in at once."""
    assert run("exists", "admin") == {"done": False}
    assert run("add", "admin", stdin=f"{PASSWORD}\n") == {"done": True}
    assert run("exists", "admin") == {"done": True}
    made = account(database, "admin")
    assert made.is_authorized
    assert made.is_valid_password(PASSWORD)


def test_a_new_password_replaces_the_old(run: Any, database: Path) -> None:
    """`password` changes an account that is there, and neither approves nor doubles it."""
    with opened(database) as session:
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
    with opened(database) as session:
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
    assert "does not begin with shell" in capsys.readouterr().err


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
    """Anything else than the verbs ends with 2."""
    with pytest.raises(SystemExit, match="2"):
        accounts.main(["delete", "ada"])


def add_all(run: Any, **people: str) -> Any:
    """Make accounts for these names, with these passwords."""
    return run("add-all", stdin=json.dumps(people))


def test_many_accounts_are_made_at_once(run: Any, database: Path) -> None:
    """`add-all` makes approved accounts of all names, leaves alone those that are approved, and says which are."""
    run("add", "ada", stdin=f"{PASSWORD}\n")
    answer = add_all(run, ada="another password", bela=PASSWORD, chen=PASSWORD)
    assert answer == {"made": ["bela", "chen"], "existing": ["ada"], "leaving": [], "removed": [], "elsewhere": []}
    for name in ("ada", "bela", "chen"):
        assert account(database, name).is_valid_password(PASSWORD)
        assert account(database, name).is_authorized


def test_a_sign_up_that_waits_is_taken_over(run: Any, database: Path) -> None:
    """A guest who signed up for somebody's name does not keep them from it, nor get in by the password they chose, nor
    by a second factor."""
    with opened(database) as session:
        session.add(UserInfo(username="ada", password=bcrypt.hashpw(b"a guest's own", bcrypt.gensalt()), has_2fa=True))
        session.commit()
    assert add_all(run, ada=PASSWORD)["made"] == ["ada"]
    made = account(database, "ada")
    assert made.is_valid_password(PASSWORD)
    assert made.is_authorized
    assert not made.has_2fa
    assert run("summary") == {"accounts": 1, "waiting": []}


def test_all_are_made_or_none(run: Any) -> None:
    """A password that can be none, or somebody who is just being removed, and nobody has an account."""
    with pytest.raises(ValueError, match="1 to 72 bytes"):
        add_all(run, ada=PASSWORD, bela="")
    assert run("summary")["accounts"] == 0


@pytest.mark.parametrize(
    ("mark", "known", "after"),
    [
        (REMOVED, False, None),  # nothing of them is left but the home
        (TOKEN, True, None),  # an administrator made the tokens: they stay
        (None, True, RENEWED),  # a record of somebody who was discarded
        (RENEWED, True, RENEWED),
        (None, False, None),
    ],
)
def test_an_administrator_gives_a_name_again(
    run: Any, database: Path, mark: str | None, after: str | None, *, known: bool
) -> None:
    """`make account` may name who was removed. Of a record that was left, sessions and tokens are not taken along."""
    with opened(database) as session:
        session.add_all([KnownName(name="ada", mark=mark)] if mark else [])
        session.add_all([User(name="ada")] if known else [])
        session.commit()
    assert add_all(run, ada=PASSWORD)["made"] == ["ada"]
    with opened(database) as session:
        assert mark_of(session, "ada") == after


def test_who_is_just_being_removed_is_not_made(run: Any, database: Path) -> None:
    """While labs of theirs still stop, nobody of the list is made, and it says why."""
    with opened(database) as session:
        session.add(KnownName(name="ada", mark=LEAVING))
        session.commit()
    assert add_all(run, ada=PASSWORD, bela=PASSWORD) == {
        "made": [],
        "existing": [],
        "leaving": ["ada"],
        "removed": [],
        "elsewhere": [],
    }
    assert run("summary")["accounts"] == 0


def test_a_home_without_an_account_is_nobodys(run: Any, database: Path) -> None:
    """After a database that was lost, or a trial without accounts, nobody gets a home by signing up for its name. Who
    has an account, or a mark already, keeps it."""
    run("add", "ada", stdin=f"{PASSWORD}\n")
    with opened(database) as session:
        session.add(KnownName(name="machine", mark=TOKEN))
        session.add(KnownIdentity(way="ldap", subject="1", name="dora"))
        session.commit()
    assert run("keep-homes", "ada", stdin='["ada", "bela", "machine", "dora"]') == {"done": True}
    assert run("keep-homes", "admin", stdin='["ada", "bela", "machine", "dora"]') == {"done": False}
    with opened(database) as session:
        assert [mark_of(session, name) for name in ("ada", "bela", "machine", "dora")] == [None, REMOVED, TOKEN, None]


def test_the_name_of_somebody_from_elsewhere_is_theirs(run: Any, database: Path) -> None:
    """No account is made that would open somebody else's files: two sign-ins are one by their own word alone."""
    with opened(database) as session:
        session.add(KnownIdentity(way="ldap", subject="1", name="dora"))
        session.commit()
    answer = add_all(run, dora=PASSWORD, emil=PASSWORD)
    assert answer == {"made": [], "existing": [], "leaving": [], "removed": [], "elsewhere": ["dora"]}


def test_it_starts_without_the_hub() -> None:
    """The command imports neither JupyterHub nor its database's library: each takes longer than all it does."""
    code = (
        "import sys; import homeroom.sign_in.accounts; "
        "print([m for m in ('jupyterhub', 'sqlalchemy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=JUPYTERHUB)
    assert done.stdout == "[]\n"
