"""Events that the records of people are to have: kept in the hub's database with the change that they are of, so that
neither is there without the other, until the guard has them."""

from __future__ import annotations

from typing import Any

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, String, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.records import plain

ADMIN_GIVE, ADMIN_TAKE = "admin-give", "admin-take"


class WaitingEvent(Base):
    """An event that the guard does not have yet. The hub makes the table when it starts."""

    __tablename__ = "homeroom_events"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""
    event: Mapped[str] = mapped_column(Text, nullable=False)


def note(db: Session, who: str, what: str, whom: str = "", *, why: str = "") -> None:
    """Note who did what to whom. The caller commits, together with what was done."""
    number, at, event = plain.waiting(who, what, whom, why=why)
    db.add(WaitingEvent(id=number, at=at, event=event))


def note_of(handler: Any, what: str, whom: str = "", *, why: str = "") -> None:
    """As `note`, of what somebody does on a page. The caller commits."""
    user = getattr(handler, "current_user", None)
    note(handler.db, getattr(user, "name", "") or "nobody", what, whom, why=why)


def waiting(db: Session) -> list[WaitingEvent]:
    """The events that the guard does not have yet, in the order in which they were noted: two may be of one second, and
    of a removal and a return the last one counts."""
    return db.query(WaitingEvent).order_by(text("rowid")).limit(100).all()
