"""What is handed out to the members of a course, on its page."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses import desk_client, graders
from homeroom.courses.calendar import written
from homeroom.courses.course import STUDENTS

Ask = Callable[[Any, str, Collection[str], Sequence[Mapping[str, Any]]], list[dict[str, Any]]]
_asked: list[Ask] = []


def show_handouts_by(ask: Ask) -> None:
    """Have a course's page show what is handed out to its members.

    :param ask: gives that, of a handler, a course, the people of whom it is shown whether they have it, and what its
        teachers hand out on its page, as the desk has it.
    """
    _asked[:] = [ask]


async def of_course(
    handler: Any, course: str, role: str, in_it: Iterable[Mapping[str, Any]], zone: ZoneInfo
) -> list[dict[str, Any]]:
    """It, and who has it: everybody for who grades, only themselves for students, and nobody for observers.

    :param role: of whoever asks.
    :param in_it: the course's members by role, where whoever asks may know them.
    """
    people: list[str] = [handler.current_user.name] if role == STUDENTS else []
    if role in graders.GRADE:
        people = [name for one in in_it for name in one["here"]]
    made: list[dict[str, Any]] = []
    if desk_client.is_there():
        with contextlib.suppress(desk_client.DeskAway):
            made = await desk_client.handouts(course)
    found = [each for ask in _asked for each in ask(handler, course, people, made)]
    return [{**each, "when": written(each["visible_at"], zone)} for each in found]


def folders_of_file(handler: Any, course: str) -> list[str]:
    """The folders in homes of what `site/handouts.yaml` hands out to the members of a course."""
    return [each["to"] for ask in _asked for each in ask(handler, course, (), ())]
