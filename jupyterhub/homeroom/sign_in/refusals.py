"""Sign-ins that were refused, kept for a week with reason and remedy under a short number that the person sees."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.sign_in.way import Refused
from homeroom.texts.said import Said

KEPT_SECONDS = 7 * 86400
MOST_KEPT = 5000
"""The oldest goes first, and of those that are refused most often the oldest before all others."""
TOGETHER_SECONDS = 3600
"""The same person, refused for the same reason from the same side within it, is one refusal that is counted."""
NUMBERS = range(10_000, 100_000)
LONGEST = 500
LONGEST_SAID = 2000
WRONG_PASSWORD = "wrong-password"  # noqa: S105  # a reason, no password
COMMON = (WRONG_PASSWORD,)


class KeptRefusal(Base):
    """A refused sign-in. The hub makes the table when it starts."""

    __tablename__ = "homeroom_refusals"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    first_at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    last_at: Mapped[int] = mapped_column(BigInteger, nullable=False, index=True)
    """In seconds since 1970."""
    times: Mapped[int] = mapped_column(Integer, nullable=False, default=1)
    reason: Mapped[str] = mapped_column(String(64), nullable=False)
    way: Mapped[str] = mapped_column(String(64), nullable=False, default="")
    name: Mapped[str] = mapped_column(String(255), nullable=False, default="")
    """The name that was typed, or that the source gave."""
    subject: Mapped[str] = mapped_column(String(255), nullable=False, default="")
    address: Mapped[str] = mapped_column(String(64), nullable=False, default="")
    said: Mapped[str] = mapped_column(Text, nullable=False, default="[]")
    """What the person was told: the texts' keys and values (`Said.stored`), as JSON."""
    detail: Mapped[str] = mapped_column(Text, nullable=False, default="")
    remedy: Mapped[str] = mapped_column(Text, nullable=False, default="")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Who tried to sign in, and from where."""

    way: str = ""
    name: str = ""
    subject: str = ""
    address: str = ""


def keep(db: Session, attempt: Attempt, refused: Refused) -> int:
    """Keep a refusal, or count it where it is kept already; returns its number. Commits."""
    now = int(time.time())
    kept = _same(db, attempt, refused, now)
    if kept is None:
        _forget(db, now)
        kept = KeptRefusal(
            number=_new_number(db),
            first_at=now,
            times=0,
            reason=refused.reason[:64],
            way=attempt.way[:64],
            name=attempt.name[:255],
            subject=attempt.subject[:255],
            address=attempt.address[:64],
        )
        db.add(kept)
    kept.last_at = now
    kept.times += 1
    kept.said = _stored(refused.told)
    kept.detail, kept.remedy = refused.detail[:LONGEST], refused.remedy[:LONGEST]
    number = kept.number
    db.commit()
    return number


def _stored(told: Said) -> str:
    """A text to keep; nothing where its values are longer than anything that is said."""
    stored = json.dumps(told.stored())
    return stored if len(stored) <= LONGEST_SAID else "[]"


def _same(db: Session, attempt: Attempt, refused: Refused, now: int) -> KeptRefusal | None:
    found: KeptRefusal | None = (
        db.query(KeptRefusal)
        .filter(
            KeptRefusal.last_at > now - TOGETHER_SECONDS,
            KeptRefusal.reason == refused.reason[:64],
            KeptRefusal.way == attempt.way[:64],
            KeptRefusal.name == attempt.name[:255],
            KeptRefusal.subject == attempt.subject[:255],
            KeptRefusal.address == attempt.address[:64],
        )
        .first()
    )
    return found


def _forget(db: Session, now: int) -> None:
    """Make room: what is older than a week goes, and where there is too much the oldest."""
    db.query(KeptRefusal).filter(KeptRefusal.last_at < now - KEPT_SECONDS).delete()
    while db.query(KeptRefusal).count() >= MOST_KEPT:
        oldest = db.query(KeptRefusal).order_by(KeptRefusal.last_at)
        db.delete(oldest.filter(KeptRefusal.reason.in_(COMMON)).first() or oldest.first())
        db.flush()


def _new_number(db: Session) -> int:
    """A number that is free; it tells nobody how many there are."""
    while True:
        number = secrets.choice(NUMBERS)
        if db.get(KeptRefusal, number) is None:
            return number
