"""How the hub asks the guard for what a teacher hands out, and where that lies."""

from __future__ import annotations

from homeroom.contract import sockets

ADDRESS = "/homeroom/handout"
"""Where the guard takes it."""
LONGEST_SECONDS = 600.0
"""Whoever waits for it waits no longer; the container ends by itself before."""
FOLDERS = "course/handouts"
"""Where the folders that are handed out lie in the home of a course's grader lab."""
NAME = r"[a-z0-9][a-z0-9-]{0,23}"
"""What a handout is called."""
FOLDER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
"""What a folder there is called that is handed out."""
LONGEST_URL = 1000
URL = r"https?://[^/\s\x00-\x1f\x7f@-][^/\s\x00-\x1f\x7f@]*(?:/[^\s\x00-\x1f\x7f]*)?"
"""A repository, as `site/handouts.yaml` has it: without a name or password."""
BRANCH = r"(?!-)(?!.*\.\.)[\w./+-]{1,200}"
"""A branch or tag of it."""


def directory(course: str, name: str) -> str:
    """The directory of the one socket that whatever brings a handout sees. No lab's directory is called so."""
    return f"handout-{sockets.directory_name(course, name)}"
