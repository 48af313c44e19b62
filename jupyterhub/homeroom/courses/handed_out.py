"""What is handed out to the members of a course, on its page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses import graders
from homeroom.courses.calendar import written
from homeroom.courses.course import STUDENTS

_asked: list[Callable[[Any, str, Collection[str]], list[dict[str, Any]]]] = []


def show_handouts_by(ask: Callable[[Any, str, Collection[str]], list[dict[str, Any]]]) -> None:
    """Have a course's page show what is handed out to its members.

    :param ask: gives that, of a handler, a course, and the people of whom it is shown whether they have it.
    """
    _asked[:] = [ask]


def of_course(
    handler: Any, course: str, role: str, in_it: Iterable[Mapping[str, Any]], zone: ZoneInfo
) -> list[dict[str, Any]]:
    """It, and who has it: everybody for who grades, only themselves for students, and nobody for observers.

    :param role: of whoever asks.
    :param in_it: the course's members by role, where whoever asks may know them.
    """
    people: list[str] = [handler.current_user.name] if role == STUDENTS else []
    if role in graders.GRADE:
        people = [name for one in in_it for name in one["here"]]
    found = [each for ask in _asked for each in ask(handler, course, people)]
    return [{**each, "when": written(each["visible_at"], zone)} for each in found]
