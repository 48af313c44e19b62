"""People leave and come back: what the server's shell asks for, and what the hub makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from homeroom.contract.records import ACCOUNT, PURGE, REMOVE, RESTORE, Tombstone
from homeroom.records import outbox
from homeroom.records.events import WaitingEvent
from homeroom.sign_in import accounts, known_names, leavers, removal, removed, watch
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.marks import LEAVING, REMOVED
from homeroom.sign_in.roster import RosterEntry
from jupyterhub.orm import APIToken, Group, Role, User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.hub_database import new_database


class Users(dict[User, Any]):
    """The hub's users, who have no labs."""

    def __init__(self, db: Session) -> None:
        super().__init__()
        self.db = db

    def __missing__(self, user: User) -> Any:
        async def no_labs() -> None:
            return None

        return SimpleNamespace(orm_user=user, spawners={}, delete_spawners=no_labs)

    def delete(self, user: Any) -> None:
        """Forget somebody."""
        self.db.delete(user.orm_user)
        self.db.commit()


class Hub:
    """As much of the hub as carries out what it is asked for."""

    authenticator = None
    log = logging.getLogger("test")

    def __init__(self, db: Session) -> None:
        self.db = db
        self.users = Users(db)

    def look(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look once, and carry everything out to its end; the guard is not told."""

        async def once() -> None:
            await watch.look(self)
            await asyncio.gather(*removal._under_way.values())

        async def not_told(*_: Any) -> None:
            return None

        monkeypatch.setattr(outbox, "send", not_told)
        asyncio.run(once())


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database file in place of the hub's."""
    path = tmp_path / "jupyterhub.sqlite"
    new_database(str(path)).close()
    monkeypatch.setattr(leavers, "DATABASE", path)
    return path


@pytest.fixture
def shell(path: Path) -> Iterator[sqlite3.Connection]:
    """What the server's shell has of it."""
    with contextlib.closing(accounts.open_database(path)) as database:
        yield database


@pytest.fixture
def db(path: Path) -> Iterator[Session]:
    """What the hub has of it."""
    with Session(create_engine(f"sqlite:///{path}"), expire_on_commit=True) as session:
        session.add(Role(name="user"))
        session.commit()
        yield session


@pytest.fixture
def look(db: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A look of the hub's."""
    return lambda: Hub(db).look(monkeypatch)


def student(db: Session, name: str, *groups: str, admin: bool = False, last: datetime | None = None) -> User:
    """Somebody with an account, a token and groups."""
    user = User(name=name, admin=admin, last_activity=last, created=datetime(2026, 1, 1))
    user.groups = [Group.find(db, group) or Group(name=group) for group in groups]
    db.add_all([user, UserInfo(username=name, password=b"hash", email=f"{name}@uni.example", is_authorized=True)])
    db.add(RosterEntry(name=name, groups=json.dumps(sorted(groups)), is_new=False))
    db.commit()
    return user


def events(db: Session) -> list[tuple[str, str, str]]:
    """Who did what to whom, as the guard is told."""
    found = [json.loads(one.event) for one in db.query(WaitingEvent).order_by(WaitingEvent.at)]
    return sorted((one["who"], one["what"], one.get("whom", "")) for one in found)


def test_who_leaves_comes_back_as_they_were(db: Session, shell: sqlite3.Connection, look: Callable[[], None]) -> None:
    """A removal takes account, groups and sign-ins at once; undone, the same password, groups and address are there,
    and no token. Both are in the records, with who did it."""
    user = student(db, "ada", "biology", "lab-2")
    db.add(APIToken(user=user, hashed="x", prefix="x"))
    db.commit()
    assert leavers.remove(shell, ["ada"], "shell:root", "left")["before"] == []
    look()
    assert (known_names.mark_of(db, "ada"), User.find(db, "ada"), db.query(UserInfo).count()) == (REMOVED, None, 0)
    assert db.query(APIToken).count() == 0
    assert db.query(RosterEntry).count() == 0
    assert leavers.leaving(shell, ["ada"]) == []
    assert leavers.restore(shell, "ada", "shell:root")["state"] == "asked"
    look()
    back = User.find(db, "ada")
    account = known_names.account_of(db, "ada")
    assert back is not None
    assert account is not None
    assert {group.name for group in back.groups} == {"biology", "lab-2"}
    assert (account.password, account.email, account.is_authorized) == (b"hash", "ada@uni.example", True)
    assert (known_names.mark_of(db, "ada"), removed.of_name(db, "ada")) == (None, None)
    assert db.query(APIToken).count() == 0
    assert events(db) == [("shell:root", REMOVE, "ada"), ("shell:root", RESTORE, "ada")]


def test_a_removal_may_be_asked_for_again(db: Session, shell: sqlite3.Connection, look: Callable[[], None]) -> None:
    """Asked for twice, or cut off and asked for again, it is one removal, and what the person had is kept."""
    student(db, "ada", "biology")
    leavers.remove(shell, ["ada"], "shell:root", "")
    assert leavers.remove(shell, ["ada"], "shell:root", "")["before"] == ["ada"]
    look()
    assert leavers.remove(shell, ["ada"], "shell:root", "")["before"] == ["ada"]
    look()
    row = removed.of_name(db, "ada")
    assert row is not None
    assert json.loads(row.had)["account"]["email"] == "ada@uni.example"
    assert events(db) == [("shell:root", REMOVE, "ada")]


def test_who_returns_while_leaving_leaves_first(
    db: Session, shell: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is brought back once their labs are gone, not before: nothing is half there."""
    student(db, "ada")
    leavers.remove(shell, ["ada"], "shell:root", "")
    leavers.restore(shell, "ada", "shell:root")
    assert removed.wanted_back(db) == []
    Hub(db).look(monkeypatch)
    assert removed.wanted_back(db) == ["ada"]


def test_all_are_removed_or_nobody(db: Session, shell: sqlite3.Connection) -> None:
    """With an unknown name among them, or an administrator's, nobody is removed."""
    student(db, "ada")
    student(db, "head", admin=True)
    for others, kind in ((["bela"], "unknown"), (["head"], "admins")):
        assert leavers.remove(shell, ["ada", *others], "shell:root", "")[kind] == others
    assert leavers.removed(shell) == []
    assert known_names.leaving(db) == []


def test_nobody_gets_the_name_while_the_files_are_there(
    db: Session, shell: sqlite3.Connection, look: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account is made of a removed person's name until their files are gone for good; then it is a stranger's, who
    has nothing of theirs."""
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
    student(db, "ada", "biology")
    leavers.remove(shell, ["ada"], "shell:root", "")
    look()
    answer = accounts.add(shell, {"ada": "correct horse battery"})
    assert (answer["made"], answer["removed"]) == ([], ["ada"])
    assert removed.holds(db, "ada")
    leavers.purge(shell, ["ada"], "shell:root")
    assert not removed.holds(db, "ada")
    assert accounts.add(shell, {"ada": "correct horse battery"}, "shell:root")["made"] == ["ada"]
    look()
    assert User.find(db, "ada") is None
    assert db.query(RosterEntry).count() == 0
    assert [what for _, what, _ in events(db)] == [ACCOUNT, PURGE, REMOVE]


def test_a_purge_leaves_what_keeps_somebody_away(
    db: Session, shell: sqlite3.Connection, look: Callable[[], None]
) -> None:
    """Name, address and groups of a source are gone, and by what it knows them is not: they would be let in anew."""
    student(db, "ada")
    db.add(KnownIdentity(way="ldap", subject="17", name="ada", display_name="Ada L.", email="a@x", groups='["x"]'))
    db.commit()
    leavers.remove(shell, ["ada"], "shell:root", "")
    look()
    leavers.purge(shell, ["ada"], "shell:root")
    leavers.purge(shell, ["ada"], "shell:root")
    (known,) = db.query(KnownIdentity).populate_existing()
    assert (known.subject, known.display_name, known.email, known.groups) == ("17", "", "", "[]")
    row = removed.of_name(db, "ada")
    assert row is not None
    assert (row.purged, row.had) == (True, "")
    assert [what for _, what, _ in events(db)] == [PURGE, REMOVE]
    assert leavers.restore(shell, "ada", "shell:root")["state"] == "let in"  # with nothing of theirs
    assert removed.of_name(db, "ada") is None


def test_nobody_comes_back_to_half_of_their_files(
    db: Session, shell: sqlite3.Connection, look: Callable[[], None]
) -> None:
    """From the moment on that files are removed for good, nobody can be brought back; who was asked back before that
    keeps files, account and all that is known of them, whatever a purge that began earlier says."""
    for name in ("ada", "bela"):
        student(db, name)
    leavers.remove(shell, ["ada", "bela"], "shell:root", "")
    look()
    assert leavers.restore(shell, "bela", "shell:root")["state"] == "asked"
    assert leavers.begin_purge(shell, ["ada", "bela"]) == ["ada"]
    assert leavers.restore(shell, "ada", "shell:root")["state"] == "going"
    leavers.purge(shell, ["bela"], "shell:root")
    look()
    assert {name for (name,) in db.query(User.name)} == {"bela"}
    leavers.purge(shell, ["bela"], "shell:root")
    assert known_names.account_of(db, "bela") is not None
    assert [one["name"] for one in leavers.removed(shell) if one["going"]] == ["ada"]  # cut off here: carried on
    assert leavers.begin_purge(shell, ["ada"]) == ["ada"]
    leavers.purge(shell, ["ada"], "shell:root")
    assert leavers.restore(shell, "ada", "shell:root")["state"] == "purged"


def test_an_older_database_brings_nobody_back(db: Session, look: Callable[[], None]) -> None:
    """Who was removed after a copy was made is removed again as the hub starts with it; who came back since, or whose
    name was given to somebody else, is not touched."""
    for name in ("ada", "bela", "chen"):
        student(db, name)
    db.query(User).filter_by(name="chen").update({"created": datetime(2026, 9, 3)})
    stones = {
        "ada": Tombstone(at="2026-10-01T12:00:00+00:00", by="head"),
        "bela": Tombstone(at="2026-10-01T12:00:00+00:00", by="head", purged_at="2026-11-01T12:00:00+00:00"),
        "chen": Tombstone(at="2026-09-01T12:00:00+00:00", purged_at="2026-09-02", again_at="2026-09-03"),
        "dora": Tombstone(at="2026-10-01T12:00:00+00:00"),
    }
    assert removed.bury(db, stones) == ["ada", "bela"]
    assert known_names.mark_of(db, "ada") == LEAVING
    look()
    assert {name for (name,) in db.query(User.name)} == {"chen"}
    assert {name for (name,) in db.query(UserInfo.username)} == {"chen"}
    assert removed.holds(db, "ada")
    assert not removed.holds(db, "bela")
    assert removed.bury(db, stones) == []


def test_who_had_a_name_before_does_not_open_the_new_home(
    db: Session, shell: sqlite3.Connection, look: Callable[[], None]
) -> None:
    """A database from before a name was given anew has the account of who had it then: it is taken out as the hub
    starts, also where it comes back twice. The home stays whom the name was given to, and an account that is made anew
    opens it."""
    stone = Tombstone(
        at="2026-09-01T12:00:00+00:00", purged_at="2026-09-02T12:00:00+00:00", again_at="2026-09-03T12:00:00+00:00"
    )
    for _ in range(2):
        student(db, "ada")
        assert removed.bury(db, {"ada": stone}) == ["ada"]
        assert known_names.mark_of(db, "ada") == LEAVING
        look()
        assert (User.find(db, "ada"), db.query(UserInfo).count()) == (None, 0)
        assert events(db) == []  # else the guard would take the home for theirs, and it would expire
        assert not removed.holds(db, "ada")
    accounts.add(shell, {"ada": "a new password"})
    student(db, "bela")
    db.add(User(name="ada", created=datetime(2026, 9, 5)))
    db.commit()
    assert removed.bury(db, {"ada": stone}) == []
    assert known_names.mark_of(db, "ada") is None


def test_who_is_in_a_group_or_was_long_away(db: Session, shell: sqlite3.Connection) -> None:
    """A cohort is whoever is in the group, on a list too, or was not here for so long; who is an administrator, or
    here now, is told."""
    student(db, "ada", "biology", last=datetime(2026, 9, 30, 23, 59))
    student(db, "bela", "biology", last=datetime(2025, 1, 1))
    student(db, "head", "biology", admin=True, last=datetime(2025, 1, 1))
    student(db, "zoe", last=None)
    db.add(RosterEntry(name="late", groups='["biology"]', is_new=True))
    db.commit()
    now = datetime(2026, 10, 1).timestamp()

    def found(group: str, days: int) -> dict[str, tuple[bool, bool]]:
        rows = leavers.cohort(shell, group, days, now)
        return {one["name"]: (one["admin"], one["here"]) for one in rows}

    assert found("biology", 0).keys() == {"ada", "bela", "head", "late"}
    assert found("biology", 400) == {"bela": (False, False), "head": (True, False)}
    assert found("", 200) == {"bela": (False, False), "head": (True, False), "zoe": (False, False)}
    assert leavers.groups(shell) == ["biology"]


def test_everybodys_groups_and_addresses_are_told(db: Session, shell: sqlite3.Connection) -> None:
    """All groups, of the hub and of lists, so that nobody is taken for one of a single group; and the address that a
    source or the account has."""
    student(db, "ada", "biology")
    db.query(RosterEntry).filter_by(name="ada").update({"groups": '["choir"]'})
    db.add(RosterEntry(name="late", groups='["biology"]', is_new=True))
    db.commit()
    found = {one["name"]: (one["groups"], one["email"]) for one in leavers.memberships(shell, 0.0)}
    assert found == {"ada": (["biology", "choir"], "ada@uni.example"), "late": (["biology"], "")}


def test_the_shell_waits_for_the_hub() -> None:
    """The command ends when the hub has carried out what it was asked for, or says who is left."""
    left = iter((["ada"], ["ada"], []))
    assert leavers.wait(lambda: next(left)) == []
    assert leavers.wait(lambda: ["ada"], 0.0) == ["ada"]
