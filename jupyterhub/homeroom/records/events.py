"""Events that the records of people are to have: kept in the hub's database with the change that they are of, so that
neither is there without the other, until the guard has them."""

from __future__ import annotations

import json
import secrets
import time
from typing import Any

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, String, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

LONGEST = 300
"""As the guard takes it."""
DONE = "done"
ADMIN_GIVE, ADMIN_TAKE = "admin-give", "admin-take"


class WaitingEvent(Base):
    """An event that the guard does not have yet. The hub makes the table when it starts."""

    __tablename__ = "homeroom_events"
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""
    event: Mapped[str] = mapped_column(Text, nullable=False)


def note(db: Session, who: str, what: str, whom: str = "", *, why: str = "", result: str = DONE) -> None:
    """Note who did what to whom. The caller commits, together with what was done."""
    fields = {"who": who, "what": what, "whom": whom, "why": why, "result": result}
    event = {name: value[:LONGEST] for name, value in fields.items() if value}
    number = secrets.token_hex(8)
    db.add(WaitingEvent(id=number, at=int(time.time()), event=json.dumps({"id": number, **event})))


def note_of(handler: Any, what: str, whom: str = "", *, why: str = "", result: str = DONE) -> None:
    """As `note`, of what somebody does on a page. The caller commits."""
    user = getattr(handler, "current_user", None)
    note(handler.db, getattr(user, "name", "") or "nobody", what, whom, why=why, result=result)


def waiting(db: Session) -> list[WaitingEvent]:
    """The events that the guard does not have yet, in the order in which they were noted: two may be of one second, and
    of a removal and a return the last one counts."""
    return db.query(WaitingEvent).order_by(text("rowid")).limit(100).all()
