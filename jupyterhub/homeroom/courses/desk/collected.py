"""Which hand-ins the lab in which a course is graded has fetched, so that its page says how far collecting is."""

from __future__ import annotations

import logging
from pathlib import Path

FOLDER = ".collected"
"""Beside the courses: it is no part of what is kept of one, and is made anew by collecting."""

log = logging.getLogger("homeroom.desk")


class Collected:
    """The codes of their receipts, a line each, in a file a course.

    :param root: the desk's volume.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / FOLDER
        self._known: dict[str, set[str]] = {}

    def of_course(self, course: str) -> set[str]:
        """The codes of a course that there is. A file that cannot be read is told, and counts for nothing."""
        if course not in self._known:
            try:
                text = (self._folder / course).read_text(encoding="ascii")
            except FileNotFoundError:
                text = ""
            except (OSError, ValueError) as error:
                log.error("What of %s was collected cannot be read: %r", course, error)
                text = ""
            self._known[course] = set(text.split())
        return self._known[course]

    def note(self, course: str, code: str) -> None:
        """Keep that one was fetched. A full disk keeps nobody from collecting."""
        codes = self.of_course(course)
        if code in codes:
            return
        codes.add(code)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            with (self._folder / course).open("a", encoding="ascii") as file:
                file.write(f"{code}\n")
        except OSError as error:
            log.error("That %s of %s was collected is not kept: %r", code, course, error)

    def drop(self, course: str) -> None:
        """Remove what is known of a course. :raises OSError: it is not removed."""
        self._known.pop(course, None)
        (self._folder / course).unlink(missing_ok=True)
