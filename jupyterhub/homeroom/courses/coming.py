"""Handouts that are just on their way to the desk, which is told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

handouts: dict[str, dict[str, Any]] = {}
"""By the directories that the guard makes for it; each as `homeroom.courses.desk.told.Bringing` has it."""


def of_course(course: str) -> dict[str, Mapping[str, Any]]:
    """Those of a course, by name."""
    return {each["name"]: each for each in handouts.values() if each["course"] == course}
