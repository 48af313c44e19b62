"""Who reads what."""

from __future__ import annotations

from typing import Any

from homeroom.announcements.records import Announcement, current
from homeroom.courses import called
from homeroom.labs.plan import groups_of


def of_user(db: Any, user: Any) -> list[Announcement]:
    """What somebody is to read now, the newest first."""
    found = current(db)
    if not found:
        return []
    spawner = user.spawner
    groups = {*groups_of(spawner.person, spawner.groups), *(group.name for group in user.groups)}
    return [each for each in found if each.is_for(groups)]


def authors(db: Any, announcements: list[Announcement]) -> dict[str, str]:
    """What those who made announcements are called, by user name: as they came in, else as they are here. Those of the
    operator have nobody."""
    return called.as_signed_in(db, (each.author for each in announcements if each.author))
