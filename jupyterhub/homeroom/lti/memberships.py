"""What people are in their courses. A launch tells of one course; what others told before holds on."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy.orm import Session

from homeroom.lti.people import Role
from homeroom.lti.records import SECOND_PER_DAY, Membership

KEPT_DAYS = 200
"""A term: who has not come from a course for so long is not in its groups any more."""


def note(db: Session, way: str, subject: str, course: str, role: Role | None) -> None:
    """Keep what somebody is in a course now; None: nothing. The caller commits."""
    now = int(time.time())
    if role is None:
        db.query(Membership).filter_by(way=way, subject=subject, course=course).delete()
    else:
        db.merge(Membership(way=way, subject=subject, course=course, role=role, seen=now))


def groups_of(db: Session, way: str, subject: str) -> frozenset[str]:
    """The groups of all courses that somebody came from."""
    since = int(time.time()) - KEPT_DAYS * SECOND_PER_DAY
    seen: Any = Membership.seen
    found = db.query(Membership).filter_by(way=way, subject=subject).filter(seen >= since)
    return frozenset(f"{each.course}-{each.role}" for each in found)
