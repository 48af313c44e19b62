"""The links from which people come, and what their platforms let this hub do in those courses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from homeroom.lti.claims import CONTEXT, DEPLOYMENT_ID, GRADEBOOK, LINK, MEMBERS, mapping, text
from homeroom.lti.platform import Platform
from homeroom.lti.records import SECOND_PER_DAY, KnownLink

MOST_LINKS = 500
"""Of a course; further ones are not noted."""
LONGEST_ADDRESS = 2000
LONGEST = 255
MOST_SCOPES = 20
MOST_KEPT = 5000


class Links:
    """Notes them, and looks into the database for what a class repeats once alone."""

    def __init__(self) -> None:
        self._as_noted: dict[tuple[str, str, str], tuple[dict[str, str], int]] = {}

    def note(self, db: Session, come_from: Platform, claims: Mapping[str, Any]) -> None:
        """Keep what a verified launch says of its link. Written is only what changed, and once a day that it was used.
        The caller commits."""
        context, link = text(mapping(claims, CONTEXT), "id"), text(mapping(claims, LINK), "id")
        if not context or not link or len(context) > LONGEST or len(link) > LONGEST:
            return
        key, said, now = (come_from.way, context, link), _said(come_from, claims), int(time.time())
        noted, seen = self._as_noted.get(key, ({}, 0))
        if noted == said and now - seen < SECOND_PER_DAY:
            return
        known = db.get(KnownLink, key)
        if known is None:
            if db.query(KnownLink).filter_by(way=come_from.way, context=context).count() < MOST_LINKS:
                db.add(KnownLink(way=key[0], context=context, link=link, **said, first=now, seen=now))
            return
        if any(getattr(known, name) != value for name, value in said.items()) or now - known.seen >= SECOND_PER_DAY:
            for name, value in said.items():
                setattr(known, name, value)
            known.seen = now
        else:
            if len(self._as_noted) >= MOST_KEPT:
                self._as_noted.clear()
            self._as_noted[key] = (said, known.seen)


def _said(come_from: Platform, claims: Mapping[str, Any]) -> dict[str, str]:
    gradebook, members = mapping(claims, GRADEBOOK), mapping(claims, MEMBERS)
    listed = gradebook.get("scope")
    scopes = [each for each in listed[:MOST_SCOPES] if isinstance(each, str)] if isinstance(listed, list) else []
    return {
        "deployment_id": text(claims, DEPLOYMENT_ID)[:LONGEST],
        "client_id": come_from.client_id[:LONGEST],
        "issuer": come_from.issuer,
        "course_title": text(mapping(claims, CONTEXT), "title")[:LONGEST],
        "title": text(mapping(claims, LINK), "title")[:LONGEST],
        "lineitems": _address(gradebook, "lineitems"),
        "lineitem": _address(gradebook, "lineitem"),
        "scopes": " ".join(sorted(each for each in scopes if " " not in each and len(each) <= LONGEST)),
        "members": _address(members, "context_memberships_url"),
    }


def _address(claim: Mapping[str, Any], name: str) -> str:
    found = text(claim, name)
    return found if len(found) <= LONGEST_ADDRESS else ""


def of_course(db: Session, way: str, context: str) -> list[KnownLink]:
    """The links of a platform's course, the first first."""
    return list(db.query(KnownLink).filter_by(way=way, context=context).order_by(KnownLink.first, KnownLink.link))
