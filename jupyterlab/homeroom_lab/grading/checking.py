"""Checks that the page of a notebook asks for: what they belong to, and how they end."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath
from typing import Any

from homeroom_lab import desk
from homeroom_lab.grading import check


class Checking:
    """The checks of one lab, one at a time.

    :param root: the folder in which the server's paths begin.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._task: asyncio.Task[None] | None = None
        self._path = ""
        self._said: dict[str, Any] = {}

    def state(self, path: str) -> dict[str, Any]:
        """What became of the check of a notebook: `running`, or what it found, which is told once."""
        if path != self._path:
            return {}
        if self.running:
            return {"running": True}
        said, self._said = self._said, {}
        return said

    @property
    def running(self) -> bool:
        """Whether one goes on."""
        return self._task is not None and not self._task.done()

    def begin(self, path: str, course: str, assignment: str) -> None:
        """Begin to check the folder of a notebook."""
        folder = self._root / PurePosixPath(path).parent
        self._path, self._said = path, {}
        self._task = asyncio.create_task(self._check(course, assignment, folder))

    async def _check(self, course: str, assignment: str, folder: Path) -> None:
        try:
            found = await asyncio.to_thread(check.check, course, assignment, folder)
            self._said = {"found": found}
        except desk.NotTaken as error:
            self._said = {"error": str(error)}
        except (OSError, ValueError, KeyError) as error:
            self._said = {"error": f"The check came to nothing: {error}"}


def checkable(path: str, checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a notebook belongs to: the assignments that are called as its folder, of the course that the folder around
    is called as, where several have one.

    :param checks: what can be checked now, as the desk tells it.
    """
    folder = PurePosixPath(path).parent
    found = [each for each in checks if each["assignment"] == folder.name]
    return [each for each in found if each["course"] == folder.parent.name] or found
