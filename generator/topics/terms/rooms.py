"""The rooms that were made on a course's page, when the course goes: their homes go the way of people's."""

from __future__ import annotations

from generator.core import operator
from generator.core.console import quoted
from generator.core.errors import HomeroomError
from generator.core.labels import USER_LABEL
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.site import reader
from generator.topics.people import removal
from generator.topics.rooms.site import ROOMS, Rooms
from generator.topics.terms import kept


def room_user(course: str, name: str) -> str:
    """Whose home has a room's files: as `homeroom.courses.course.room_user`, which a test holds equal."""
    return f"room-{course}-{name}"


def users(found: kept.Kept) -> list[str]:
    """Whose homes have the files of a course's rooms. One that site/rooms.yaml has by the same name is the file's.

    :raises HomeroomError: that file cannot be read.
    """
    file = reader.load(SITE / ROOMS, Rooms)
    of_file = {f"room-{room.name}" for room in file.rooms} if file is not None else set()
    made = [room_user(found.course, each["name"]) for each in (found.made or {}).get("rooms", ())]
    return [each for each in made if each not in of_file]


def require_still(deployment: Deployment, names: list[str]) -> None:
    """:raises HomeroomError: somebody may be working in one of them."""
    running = sorted({lab.labels[USER_LABEL] for lab in deployment.labs(running_only=True)} & set(names))
    if running:
        raise HomeroomError(
            f"people may be working in {', '.join(map(quoted, running))}, which is running; nothing was removed",
            location="COURSE",
            remedy="Have the room closed on the course's page of settings, or its lab stopped on the page Admin, then "
            "run this again.",
        )


def remove(deployment: Deployment, course: str, names: list[str], why: str, *, now: bool) -> None:
    """Close rooms, and remove them as people are removed. May be done again and again.

    :param now: their files go at once; else as those of people do, RETENTION_DAYS later.
    :raises HomeroomError: people still enter one, or it cannot be removed.
    """
    if not names:
        return
    answer = kept.ask(deployment, "close-rooms", course=course, who=operator.name())
    still = [each for each in answer["open"] if each in names]
    if still:
        raise HomeroomError(
            f"people still enter {', '.join(still)}; nothing was removed",
            location="COURSE",
            remedy="Run `make up`, then this again; `make logs SERVICE=hub` shows what keeps it open.",
        )
    for name in names:
        try:
            removal.remove(deployment, [name], why, now=now)
        except removal.NobodyCalled:  # it was made and never taken up by the hub
            removal.remove_home(deployment, name)
