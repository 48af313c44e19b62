"""Handouts that are just on their way to the desk, which is told of them."""

from __future__ import annotations

from typing import Any

handouts: dict[str, dict[str, Any]] = {}
"""By the directories that the guard makes for it; each as `homeroom.courses.desk.told.Bringing` has it."""
