"""What labs told of the handouts in their homes, in the hub's database."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column


class ToldHandout(Base):
    """One handout in one home, as a lab of its owner's told it last. The hub makes the table when it starts."""

    __tablename__ = "homeroom_handouts"
    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    folder: Mapped[str] = mapped_column(String(255), nullable=False)
    revision: Mapped[str] = mapped_column(String(64), nullable=False)
    state: Mapped[str] = mapped_column(String(16), nullable=False)
    copied: Mapped[int] = mapped_column(Integer, nullable=False)
    kept: Mapped[int] = mapped_column(Integer, nullable=False)
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""


def keep(db: Session, user: str, told: Iterable[ToldHandout]) -> None:
    """Keep what a lab tells, in place of what was told before: handouts that it no longer sees are forgotten."""
    db.query(ToldHandout).filter_by(user=user).delete(synchronize_session=False)
    now = int(time.time())
    for one in told:
        one.user, one.at = user, now
        db.add(one)
    db.commit()


def of_user(db: Session, user: str) -> list[ToldHandout]:
    """What is known of somebody's handouts, in the order of their folders."""
    return db.query(ToldHandout).filter_by(user=user).order_by(ToldHandout.folder, ToldHandout.name).all()


def of_handouts(db: Session, names: Collection[str]) -> dict[tuple[str, str], ToldHandout]:
    """What labs told of these handouts, by person and handout."""
    found = db.query(ToldHandout).filter(ToldHandout.name.in_(names))
    return {(one.user, one.name): one for one in found}
