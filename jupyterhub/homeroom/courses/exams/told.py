"""What the hand-in desk is told of exams: whose lab is in one, and whose home is just handed in."""

from __future__ import annotations

from typing import Any

from homeroom.contract.exam_labs import PREFIX, seal_directory

ending: dict[str, dict[str, str]] = {}
"""By the directories that the guard makes for it."""


def exam_of(server: str) -> tuple[str, str]:
    """Course and exam of a lab's name: no course has a dot in its name."""
    course, _, exam = server.removeprefix(PREFIX).partition(".")
    return course, exam


def begin(person: str, server: str) -> None:
    """Have the desk open for the home of an exam."""
    ending[seal_directory(person, server)] = as_told(person, server)


def end(person: str, server: str) -> None:
    """Have it close again."""
    ending.pop(seal_directory(person, server), None)


def as_told(person: str, server: str) -> dict[str, Any]:
    """Who sits which exam."""
    course, exam = exam_of(server)
    return {"course": course, "exam": exam, "person": person}
