"""A class list that is taken in: the file, the difference, and what the hub has of it."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeroom.sign_in import accounts, known_names, registry, roster, roster_import
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.marks import LEAVING, REMOVED
from homeroom.sign_in.refusals import Attempt, keep
from homeroom.sign_in.way import Refused
from jupyterhub.orm import Group, User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from generator.core.errors import HomeroomError
from generator.topics.sign_in import class_list
from generator.topics.sign_in import people as known_people
from generator.topics.sign_in import roster as lists
from generator.topics.sign_in.class_list import Listed
from tests.hub_database import new_database

PASSWORD = "correct horse battery"
HUB: Any = None
"""The deployment, which nobody asks for anything here."""


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the fewest rounds."""
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database file in place of the hub's, as the hub makes it."""
    path = tmp_path / "jupyterhub.sqlite"
    new_database(str(path)).close()
    for module in (accounts, registry, roster_import):
        monkeypatch.setattr(module, "DATABASE", path)
    return path


@pytest.fixture
def db(database: Path) -> Session:
    """The hub's own session on it."""
    return Session(create_engine(f"sqlite:///{database}"), expire_on_commit=False)


def take_in(database: Path, *people: Listed, gone: tuple[str, ...] = ()) -> dict[str, Any]:
    """Take people in, beside the hub."""
    wanted = {one.name: {"password": PASSWORD, "groups": list(one.groups), "email": one.email} for one in people}
    with contextlib.closing(accounts.open_database(database)) as opened:
        return roster_import.take_in(opened, wanted, gone)


def known(database: Path) -> dict[str, Any]:
    """What is known before a list is compared."""
    with contextlib.closing(accounts.open_database(database)) as opened:
        return roster_import.known(opened)


def test_a_table_is_read_with_groups_and_addresses(tmp_path: Path) -> None:
    """As spreadsheets write it: columns in any order, others passed over, groups with whatever between them."""
    path = tmp_path / "class.csv"
    path.write_text("Semester;E-Mail;Groups;Login\n3;ada@uni.example;physics, lab-2 physics;Ada\n3;;;bela\n")
    assert class_list.read_people(path) == [
        Listed(name="ada", groups=("physics", "lab-2"), email="ada@uni.example"),
        Listed(name="bela"),
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("ada;../x;", "class.csv:2: '../x' is no name of a group"),
        ("ada;physics;ada at home", "class.csv:2: 'ada at home' is no e-mail address"),
        ("-rf;;", "class.csv:2: '-rf' is no user name"),
    ],
)
def test_a_fault_of_a_table_is_told_with_its_line(tmp_path: Path, line: str, fault: str) -> None:
    """Nothing is taken in from a list with a slip in it."""
    path = tmp_path / "class.csv"
    path.write_text(f"name;groups;mail\n{line}\n")
    with pytest.raises(HomeroomError) as caught:
        class_list.read_people(path)
    assert fault in str(caught.value)


def test_the_difference_is_new_changed_and_gone(database: Path) -> None:
    """A second list is compared with the first: who is new, whose groups or address changed, who is not in it any more.
    Who has an account from elsewhere is none of it."""
    with contextlib.closing(accounts.open_database(database)) as opened:
        accounts.add(opened, {"admin": PASSWORD, "zoe": PASSWORD})
    take_in(database, Listed(name="ada", groups=("physics",)), Listed(name="bela"), Listed(name="carl"))
    second = [
        Listed(name="ada", groups=("chemistry",), email="ada@uni.example"),
        Listed(name="bela"),
        Listed(name="dora"),
        Listed(name="zoe"),
    ]
    before = known(database)
    found = lists.difference(second, before["listed"], before["accounts"])
    assert found == lists.Difference(
        new=("dora",), changed={"ada": "+chemistry -physics ada@uni.example"}, same=2, gone=("carl",)
    )
    assert (
        list(found.lines(remove=False))[-1] == "Not in the file any more: 1: carl (left alone; REMOVE=1 removes them)"
    )


def test_who_is_not_on_the_list_is_left_alone(database: Path, db: Session) -> None:
    """Without being told a list removes nobody; told so, it removes whom an earlier list named, and neither who has an
    account otherwise nor an administrator."""
    with contextlib.closing(accounts.open_database(database)) as opened:
        accounts.add(opened, {"zoe": PASSWORD})
    take_in(database, Listed(name="ada"), Listed(name="bela"), Listed(name="head"))
    db.add_all([User(name="bela"), User(name="head", admin=True)])
    db.commit()
    take_in(database, Listed(name="ada"))
    assert {name for (name,) in db.query(UserInfo.username)} == {"ada", "bela", "head", "zoe"}
    answer = take_in(database, Listed(name="ada"), gone=("bela", "zoe", "head", "nobody"))
    assert answer["gone"] == ["bela"]
    assert known_names.leaving(db) == ["bela"]  # the running hub ends all they have, the account too
    assert known_names.mark_of(db, "zoe") is None


def test_a_list_gives_nobody_the_name_of_somebody_removed(database: Path, db: Session) -> None:
    """Whoever is on a list under the name of somebody whose files are still there gets no account, and nothing of the
    list is done."""
    take_in(database, Listed(name="ada"))
    take_in(database, Listed(name="bela"), gone=("ada",))
    assert known_names.mark_of(db, "ada") == LEAVING
    db.merge(known_names.KnownName(name="ada", mark=REMOVED))
    db.commit()
    answer = take_in(database, Listed(name="ada"), Listed(name="chen"))
    assert (answer["made"], answer["removed"]) == ([], ["ada"])


def test_the_hub_takes_groups_up(database: Path, db: Session) -> None:
    """Who is known to the hub is a member within seconds; of a group that the list gives no more they are none, and one
    that an administrator gave stays."""
    user = User(name="ada")
    user.groups.append(Group(name="theses"))
    db.add(user)
    db.commit()
    take_in(database, Listed(name="ada", groups=("physics",)), Listed(name="bela", groups=("physics",)))
    roster.take_up(db)
    assert {group.name for group in user.groups} == {"theses", "physics"}
    assert roster.groups_of(db, "bela") == {"physics"}
    take_in(database, Listed(name="ada", groups=("chemistry",)))
    take_in(database, Listed(name="ada", groups=("biology",)))
    roster.take_up(db)
    assert {group.name for group in user.groups} == {"theses", "biology"}


def test_nothing_is_done_where_one_cannot_be_made(database: Path, db: Session) -> None:
    """A list with the name of somebody from elsewhere changes nothing at all."""
    db.add(KnownIdentity(way="ldap", subject="1", name="dora"))
    db.commit()
    answer = take_in(database, Listed(name="ada", groups=("physics",)), Listed(name="dora"))
    assert answer["elsewhere"] == ["dora"]
    assert db.query(UserInfo).count() == 0
    assert roster.groups_of(db, "ada") == frozenset()


def shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Have the generator ask the module here instead of in the hub's container."""

    def ask(_deployment: Any, *arguments: str, given: str = "", module: str) -> Any:
        monkeypatch.setattr(sys, "stdin", io.StringIO(given))
        assert sys.modules[module].main(["--", *arguments]) == 0  # as the deployment calls it
        return json.loads(capsys.readouterr().out)

    monkeypatch.setattr(known_people, "ask_hub", ask)


def test_the_operator_sees_who_is_known(
    database: Path, db: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names, addresses and groups of everybody, whichever way they sign in; nothing that a source says can move the
    terminal."""
    take_in(database, Listed(name="bela", email="bela@uni.example"))
    db.add(
        KnownIdentity(
            way="ldap", subject="1", name="dora", source_name="Dora", display_name="Dora\x1b[2J", groups='["ldap-a"]'
        )
    )
    db.commit()
    shown(monkeypatch, capsys)
    text = known_people.table(HUB)
    assert "bela  native  bela" in text
    assert "bela@uni.example" in text
    assert "dora  ldap    Dora (Dora\\x1b[2J)" in text
    assert "ldap-a" in text
    assert text.endswith("2 people")


def test_the_operator_learns_why(
    database: Path, db: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the number that the person saw, by a name, or the last ones: reason, what was found, and what to do."""
    refused = Refused("not-allowed", "You are not on the list.", detail="no rule names them", remedy="Add a line.")
    number = keep(db, Attempt(way="ldap", name="dora", subject="1", address="10.0.0.1"), refused)
    shown(monkeypatch, capsys)
    for asked in ((str(number), ""), ("", "dora"), ("", "")):
        text = known_people.why(HUB, *asked)
        assert text.startswith(f"{number}: dora by ldap at ")
        for part in ("not-allowed (no rule names them)", "Add a line.", "10.0.0.1"):
            assert part in text
    for wrong in ("1", "x", "9" * 30):
        with pytest.raises(HomeroomError):
            known_people.why(HUB, wrong, "")
