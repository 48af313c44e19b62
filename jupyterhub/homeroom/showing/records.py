"""Showings in the hub's database: somebody lets a tutor into their lab until a moment."""

from __future__ import annotations

import time

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column


class Showing(Base):
    """One that goes on; what is over is removed. The hub makes the table when it starts."""

    __tablename__ = "homeroom_showings"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(255), nullable=False, unique=True)
    """Whose lab it is. They show one lab to one tutor at a time."""
    tutor: Mapped[str] = mapped_column(String(255), nullable=False, index=True)
    course: Mapped[str] = mapped_column(String(32), nullable=False)
    """In which the tutor teaches the owner."""
    lab_started: Mapped[str] = mapped_column(String(64), nullable=False)
    """When the lab was started that is shown: the next one is another."""
    ends_at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""
    left_seconds: Mapped[int] = mapped_column(Integer, nullable=False)
    """How long it went on when that was last kept: a clock that is set back makes it no longer."""


def of_owner(db: Session, name: str) -> Showing | None:
    """What somebody shows."""
    return db.query(Showing).filter(Showing.owner == name).one_or_none()


def to_tutor(db: Session, name: str) -> list[Showing]:
    """What somebody is shown."""
    return db.query(Showing).filter(Showing.tutor == name).order_by(Showing.owner).all()


def left_seconds(showing: Showing) -> int:
    """How long it goes on, for people to read."""
    return max(0, min(showing.left_seconds, showing.ends_at - int(time.time())))
