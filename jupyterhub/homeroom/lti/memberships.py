"""What people are in their courses. A launch tells of one course; what others told before holds on."""

from __future__ import annotations

import time
from collections.abc import Iterable

from sqlalchemy.orm import Session

from homeroom.lti.people import Role
from homeroom.lti.records import SECOND_PER_DAY, Membership

KEPT_DAYS = 200
"""A term: who has not come from a course for so long is not in its groups any more."""


def note(db: Session, way: str, subject: str, course: str, role: Role | None) -> frozenset[str]:
    """Keep what somebody is in a course now. Written is only what changed, and once a day when they came. The caller
    commits.

    :param course: that they come from; empty: none.
    :param role: None: they are nothing in it.
    :returns: as `groups_of`.
    """
    now = int(time.time())
    kept = {each.course: each for each in _of(db, way, subject)}
    here = kept.get(course)
    if role is None and here is not None:
        db.delete(kept.pop(course))
    elif role is not None and course and here is None:
        kept[course] = Membership(way=way, subject=subject, course=course, role=role, seen=now)
        db.add(kept[course])
    elif role is not None and here is not None and (here.role != role or now - here.seen >= SECOND_PER_DAY):
        here.role, here.seen = role, now
    return _groups(kept.values())


def groups_of(db: Session, way: str, subject: str) -> frozenset[str]:
    """The groups of all courses that somebody came from."""
    return _groups(_of(db, way, subject))


def _of(db: Session, way: str, subject: str) -> Iterable[Membership]:
    return db.query(Membership).filter_by(way=way, subject=subject)


def _groups(memberships: Iterable[Membership]) -> frozenset[str]:
    since = int(time.time()) - KEPT_DAYS * SECOND_PER_DAY
    return frozenset(f"{each.course}-{each.role}" for each in memberships if each.seen >= since)
