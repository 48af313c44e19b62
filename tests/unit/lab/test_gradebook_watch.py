"""When the grader lab sends the gradebook."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from homeroom_lab.grades.gradebook import read
from homeroom_lab.grades.watch import AGAIN_SECONDS, LONGEST_SECONDS, QUIET_SECONDS, GradebookWatch


class Watched:
    """A gradebook that is looked at by a clock of the test's."""

    def __init__(self, course: Path) -> None:
        self.course = course
        self.now = 1000.0
        self.sent = 0
        self.is_taken = True
        self.watch = GradebookWatch(logging.getLogger(), course, self.send, lambda: self.now)

    async def send(self) -> bool:
        """As a desk that takes it, or not."""
        self.sent += 1
        return self.is_taken

    def after(self, seconds: float, text: str = "") -> int:
        """How often it was sent, so much later, when somebody has written meanwhile, or not."""
        self.now += seconds
        if text:
            (self.course / "gradebook.db").write_text(text)
        asyncio.run(self.watch.look())
        return self.sent


def test_it_is_sent_when_it_is_quiet(tmp_path: Path) -> None:
    """Once after each change, when nobody writes any more; also what was there before the lab began."""
    watched = Watched(tmp_path)
    assert watched.after(100) == 0, "there is none"
    assert watched.after(1, "a") == 0
    assert watched.after(QUIET_SECONDS, "bb") == 0
    assert watched.after(QUIET_SECONDS) == 1
    assert watched.after(100) == 1
    assert watched.after(1, "ccc") == 1
    assert watched.after(QUIET_SECONDS) == 2


def test_who_writes_all_the_time_does_not_keep_it_back(tmp_path: Path) -> None:
    """Autograding of a class takes minutes: the page has what there is by then."""
    watched = Watched(tmp_path)
    for number in range(int(LONGEST_SECONDS) + 1):
        watched.after(1, "x" * (number + 1))
    assert watched.sent == 1


def test_what_was_not_taken_is_sent_again(tmp_path: Path) -> None:
    """Later, and not at each look."""
    watched = Watched(tmp_path)
    watched.is_taken = False
    watched.after(1, "a")
    assert watched.after(QUIET_SECONDS) == 1
    assert watched.after(QUIET_SECONDS) == 1
    watched.is_taken = True
    assert watched.after(AGAIN_SECONDS) == 2
    assert watched.after(AGAIN_SECONDS) == 2


def test_without_a_gradebook_there_are_no_grades(tmp_path: Path) -> None:
    """And none is made by looking."""
    assert read(tmp_path) == {"assignments": []}
    assert list(tmp_path.iterdir()) == []
