"""People of a list that the operator imported (`make roster`): their groups, which the running hub takes up."""

from __future__ import annotations

import json

from jupyterhub.orm import Base, User
from sqlalchemy import Boolean, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.sign_in import provided_groups


class RosterEntry(Base):
    """Somebody of the list. The hub makes the table when it starts; `homeroom.sign_in.roster_import` fills it."""

    __tablename__ = "homeroom_roster"
    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    groups: Mapped[str] = mapped_column(Text, nullable=False, default="[]")
    former: Mapped[str] = mapped_column(Text, nullable=False, default="[]")
    """The groups that an earlier list gave and this one does not."""
    is_new: Mapped[bool] = mapped_column(Boolean, nullable=False, default=True)
    """Whether the hub has not taken it up yet."""


def groups_of(db: Session, name: str) -> frozenset[str]:
    """The groups that the list gives somebody."""
    entry = db.query(RosterEntry).populate_existing().filter(RosterEntry.name == name).first()
    return frozenset(json.loads(entry.groups)) if entry is not None else frozenset()


def take_up(db: Session) -> None:
    """Make people members of the groups that the list gives them, and of none that only an earlier one gave. Who is not
    known to the hub yet is made a member when they come."""
    entries = db.query(RosterEntry).populate_existing().filter(RosterEntry.is_new.is_(True)).all()
    for entry in entries:
        user = User.find(db, entry.name)
        if user is not None:
            provided_groups.apply(db, user, json.loads(entry.groups), json.loads(entry.former))
        entry.former, entry.is_new = "[]", False
    if entries:
        db.commit()
