"""Courses that were made on pages or by launches, in the hub's database: each as plain data, whole or not at all."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

MOST_COURSES = 500
LARGEST_CHARACTERS = 1 << 20
"""Of one course as JSON."""


class MadeCourse(Base):
    """One course. The hub makes the table when it starts."""

    __tablename__ = "homeroom_courses"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[str] = mapped_column(Text, nullable=False)
    """As JSON, in the form that `homeroom.courses.made.form` says."""
    version: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """Another one with each change, and never one that it had before."""
    by: Mapped[str] = mapped_column(String(255), nullable=False)
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """Who changed it last, and when, in seconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A course as it is kept."""

    name: str
    values: dict[str, Any]
    version: int
    by: str
    at: int


class Changed(Exception):
    """It is not any more what whoever changes it has seen."""

    def __init__(self, now: Kept | None) -> None:
        super().__init__("the course was changed meanwhile")
        self.now = now


class TooMany(Exception):
    """There are as many courses as can be kept, or one is larger than any."""


def versions(db: Session) -> dict[str, int]:
    """Which courses there are, and in which version: what another process wrote, too."""
    return {row.name: row.version for row in db.query(MadeCourse.name, MadeCourse.version)}


def all_kept(db: Session) -> list[Kept]:
    """All of them, by name."""
    query = db.query(MadeCourse.name, MadeCourse.data, MadeCourse.version, MadeCourse.by, MadeCourse.at)
    return [_kept(*row) for row in query.order_by(MadeCourse.name)]


def kept(db: Session, name: str) -> Kept | None:
    """One of them; None where there is none of this name."""
    query = db.query(MadeCourse.name, MadeCourse.data, MadeCourse.version, MadeCourse.by, MadeCourse.at)
    row = query.filter(MadeCourse.name == name).first()
    return _kept(*row) if row is not None else None


def _kept(name: str, data: str, version: int, by: str, at: int) -> Kept:
    return Kept(name=name, values=json.loads(data), version=version, by=by, at=at)


def keep(db: Session, name: str, values: dict[str, Any], by: str, *, seen: int) -> int:
    """Keep a course as it is to be now. The caller commits.

    :param seen: the version that is changed; 0: there is none of this name yet.
    :returns: the new version.
    :raises Changed: it is another one meanwhile, or gone. TooMany: there is no room for it.
    """
    data, now = json.dumps(values, sort_keys=True), time.time()
    if len(data) > LARGEST_CHARACTERS:
        raise TooMany
    version = max(seen + 1, int(now * 1000))
    if seen == 0:
        if kept(db, name) is not None:
            raise Changed(kept(db, name))
        if db.query(MadeCourse).count() >= MOST_COURSES:
            raise TooMany
        db.add(MadeCourse(name=name, data=data, version=version, by=by, at=int(now)))
        db.flush()
        return version
    row = {"data": data, "version": version, "by": by, "at": int(now)}
    query = db.query(MadeCourse).filter(MadeCourse.name == name, MadeCourse.version == seen)
    if query.update(row, synchronize_session=False) != 1:  # type: ignore[arg-type]
        raise Changed(kept(db, name))
    return version


def remove(db: Session, name: str, *, seen: int) -> None:
    """Keep a course no more. The caller commits.

    :raises Changed: it is another one meanwhile, or gone.
    """
    query = db.query(MadeCourse).filter(MadeCourse.name == name, MadeCourse.version == seen)
    if query.delete(synchronize_session=False) != 1:
        raise Changed(kept(db, name))
