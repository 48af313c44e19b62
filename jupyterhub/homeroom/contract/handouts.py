"""How the hub asks the guard for what a teacher hands out, and where that lies."""

from __future__ import annotations

from homeroom.contract import sockets

ADDRESS = "/homeroom/handout"
"""Where the guard takes it."""
LONGEST_SECONDS = 600.0
"""Whoever waits for it waits no longer; the container ends by itself before."""
HOME_TARGET = "/home/jovyan"
FOLDERS = "course/handouts"
"""Where the folders that are handed out lie in the home of a course's grader lab."""
OWNER, GROUP = 1000, 100
"""Whose files those of a home are, and who the container is."""


def grader_name(course: str) -> str:
    """The user in whose lab a course is graded."""
    return f"grader-{course}"


def directory(course: str, name: str) -> str:
    """The directory of the one socket that whatever brings a handout sees. No lab's directory is called so."""
    return f"handout-{sockets.directory_name(course, name)}"
