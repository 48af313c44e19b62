"""Who was removed and could come back: what they had, until their home is removed for good."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jupyterhub.orm import Base, Group, User
from jupyterhub.roles import assign_default_roles
from nativeauthenticator.orm import UserInfo
from sqlalchemy import BigInteger, Boolean, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.contract.records import REMOVE, RESTORE, Tombstone
from homeroom.records.events import note
from homeroom.sign_in import provided_groups
from homeroom.sign_in.identities import of_user
from homeroom.sign_in.known_names import account_of, clear_mark, mark_of, set_mark
from homeroom.sign_in.marks import LEAVING, REMOVED, TOKEN
from homeroom.sign_in.roster import RosterEntry

BACK = "back"


class RemovedPerson(Base):
    """Somebody who was removed. The hub makes the table when it starts; `homeroom.sign_in.leavers` asks in it for
    removals and returns, which the running hub carries out."""

    __tablename__ = "homeroom_removed"
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""
    who: Mapped[str] = mapped_column(String(255), nullable=False, default="")
    why: Mapped[str] = mapped_column(String(300), nullable=False, default="")
    had: Mapped[str] = mapped_column(Text, nullable=False, default="")
    """What they had, as JSON; empty until the hub has begun the removal, and once it is purged."""
    purged: Mapped[bool] = mapped_column(Boolean, nullable=False, default=False)
    wanted: Mapped[str] = mapped_column(String(16), nullable=False, default="")
    """`back` where they are to come back, `gone` while their files are removed for good."""
    wanted_by: Mapped[str] = mapped_column(String(255), nullable=False, default="")


def of_name(db: Session, name: str) -> RemovedPerson | None:
    """The removal of somebody; None where there was none, or they are back."""
    found: RemovedPerson | None = db.query(RemovedPerson).populate_existing().filter_by(name=name).first()
    return found


def holds(db: Session, name: str) -> bool:
    """Whether a name is that of somebody who was removed and whose home may still be there."""
    found = of_name(db, name)
    return found is not None and not found.purged


def begin(db: Session, name: str, who: str, why: str = "") -> RemovedPerson:
    """Note that somebody is being removed, with what they have now. The caller commits."""
    found = of_name(db, name)
    if found is None:
        found = RemovedPerson(
            name=name, at=int(time.time()), who=who, why=why, had="", purged=False, wanted="", wanted_by=""
        )
        db.add(found)
    if not found.had and not found.purged:
        found.had = json.dumps(possessions(db, name))
        note(db, found.who or who, REMOVE, name, why=found.why or "")
    return found


def possessions(db: Session, name: str) -> dict[str, Any]:
    """What of somebody a removal takes away, as it can be given back."""
    account, user = account_of(db, name), User.find(db, name)
    entry = db.query(RosterEntry).populate_existing().filter(RosterEntry.name == name).first()
    return {
        "account": None
        if account is None
        else {
            "password": account.password.hex(),
            "email": account.email or "",
            "is_authorized": bool(account.is_authorized),
        },
        "groups": [] if user is None else sorted(group.name for group in user.groups),
        "user": user is not None,
        "token": mark_of(db, name) == TOKEN,
        "listed": None if entry is None else json.loads(entry.groups),
    }


def wanted_back(db: Session) -> list[str]:
    """Who is to come back, and is not just being removed."""
    found = db.query(RemovedPerson.name).filter(RemovedPerson.wanted == BACK, RemovedPerson.purged.is_(False))
    return [name for (name,) in found if mark_of(db, name) != LEAVING]


def bring_back(db: Session, name: str) -> None:
    """Give somebody back what they had: account, groups, and their name with the home. Commits."""
    found = of_name(db, name)
    if found is None or found.purged:
        return
    had: Mapping[str, Any] = json.loads(found.had or "{}")
    if (account := had.get("account")) and account_of(db, name) is None:
        fields = {**account, "password": bytes.fromhex(account["password"])}
        db.add(UserInfo(username=name, has_2fa=False, **fields))
    if had.get("listed") is not None:
        db.merge(RosterEntry(name=name, groups=json.dumps(had["listed"]), former="[]", is_new=True))
    if had.get("user"):
        _make_user(db, name, had.get("groups", []))
    clear_mark(db, name)
    if had.get("token"):
        set_mark(db, name, TOKEN)
    note(db, found.wanted_by or "homeroom", RESTORE, name)
    db.delete(found)
    db.commit()


def _make_user(db: Session, name: str, groups: list[str]) -> None:
    user = User.find(db, name)
    if user is None:
        user = User(name=name)
        db.add(user)
        db.flush()
        assign_default_roles(db, entity=user)
    there = [group for group in groups if Group.find(db, group) is not None]
    provided_groups.apply(db, user, there, ())


def bury(db: Session, stones: Mapping[str, Tombstone]) -> list[str]:
    """Have those be removed whom an older database brings back; who is leaving ends as the hub starts. Commits.

    So is the account of who had a name before it was given to somebody else: the home is not theirs. To whom the name
    was given is in no such database, and is let in again by an account that is made anew.

    :returns: their names.
    """
    found, there = [], {name for (name,) in db.query(RemovedPerson.name)}
    for name, stone in stones.items():
        user, account = User.find(db, name), account_of(db, name)
        if not stone.is_in_force and user is not None and _was_before(user, stone):
            if account is not None:
                db.delete(account)
            _note_gone(db, name, stone)
            set_mark(db, name, LEAVING)
            found.append(name)
            continue
        if not stone.is_in_force or name in there:
            continue
        if user is None and account is None and not of_user(db, name) and mark_of(db, name) is None:
            continue
        row = begin(db, name, stone.by, "removed before; a copy had brought them back")
        if stone.purged_at:
            row.purged, row.had = True, ""
        if account is not None:
            db.delete(account)
        set_mark(db, name, LEAVING if user is not None else REMOVED)
        found.append(name)
    db.commit()
    return found


def _was_before(user: User, stone: Tombstone) -> bool:
    """Whether an account was there before that of its name was removed."""
    created: datetime | None = user.created  # in UTC, which it does not say
    return created is not None and created.replace(tzinfo=UTC) < datetime.fromisoformat(stone.at)


def _note_gone(db: Session, name: str, stone: Tombstone) -> None:
    """Note that somebody is gone for good. No event is made of it: what the guard has noted of the name since is of
    another person, and the home is theirs."""
    row = of_name(db, name) or RemovedPerson(name=name, at=int(time.time()), why="a copy had brought them back")
    row.who, row.had, row.purged, row.wanted, row.wanted_by = stone.by, "", True, "", ""
    db.add(row)
