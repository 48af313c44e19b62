"""Announcements in the hub's database: sentences that everybody, a group or a course reads until a moment."""

from __future__ import annotations

import time
from collections.abc import Collection

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Integer, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.courses.course import ROLES, group_name

EVERYBODY, GROUP, COURSE = "everybody", "group", "course"
LONGEST_TEXT = 500
LONGEST_SECONDS = 60 * 86400
MOST_AT_ONCE = 100


class Announcement(Base):
    """One announcement. The hub makes the table when it starts."""

    __tablename__ = "homeroom_announcements"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    text: Mapped[str] = mapped_column(Text, nullable=False)
    audience: Mapped[str] = mapped_column(String(16), nullable=False)
    """Everybody, a group or a course."""
    name: Mapped[str] = mapped_column(String(255), nullable=False)
    """Of the group or course; empty for everybody."""
    author: Mapped[str] = mapped_column(String(255), nullable=False)
    """Empty: the operator."""
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    ends: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970, as `at`."""

    def is_for(self, groups: Collection[str]) -> bool:
        """Whether somebody who is in these groups reads it."""
        if self.audience == COURSE:
            return any(group_name(self.name, role) in groups for role in ROLES)
        return self.audience == EVERYBODY or self.name in groups


def current(db: Session) -> list[Announcement]:
    """Those that have not ended, the newest first. What ended is removed with the next one that is made."""
    return db.query(Announcement).filter(Announcement.ends > int(time.time())).order_by(Announcement.id.desc()).all()


def add(db: Session, text: str, audience: str, name: str, author: str, seconds: int) -> Announcement | None:
    """Make an announcement that ends after some seconds; None: there are too many already. The caller commits."""
    now = int(time.time())
    db.query(Announcement).filter(Announcement.ends <= now).delete(synchronize_session=False)
    if db.query(Announcement).count() >= MOST_AT_ONCE:
        return None
    made = Announcement(text=text, audience=audience, name=name, author=author, at=now, ends=now + seconds)
    db.add(made)
    db.flush()
    return made


def plain(text: str) -> str:
    """A text on one line, without what could not be read; what is too long is refused by whoever asks."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
