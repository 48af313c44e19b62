"""Labs in which an exam is sat: how hub and guard call them, their homes, and what seals these."""

from __future__ import annotations

import hashlib
import re

from homeroom.contract import sockets

NAME = re.compile(r"exam-(?:[a-z0-9]+-)+[0-9a-f]{12}")
"""What such a lab is called: as JupyterHub takes names, 30 letters at most. No other lab is called so."""
SHOWN_LETTERS = 12
SEAL_ADDRESS = "/homeroom/seal"
"""Where the guard is asked to have what lies in such a home handed in."""
SEAL_SECONDS = 600.0
"""Whoever waits for it waits no longer; the container ends by itself before."""
MOST_BYTES = 90 << 20
"""How much of such a home is handed in at the end: a little less than the desk takes."""


def lab_name(course: str, exam: str) -> str:
    """The name of the lab in which an exam of a course is sat: `exam-final-` and what makes it that of no other."""
    shown = re.sub("[^a-z0-9]+", "-", exam.lower())[:SHOWN_LETTERS].strip("-") or "x"
    return f"exam-{shown}-{hashlib.sha256(f'{course}/{exam}'.encode()).hexdigest()[:12]}"


def is_exam(server: str) -> bool:
    """Whether a lab of this name is one in which an exam is sat."""
    return bool(NAME.fullmatch(server))


def volume_prefix(deployment: str) -> str:
    """What the names of volumes begin with that are homes of such labs."""
    return f"{deployment}-exam-"


def volume_name(deployment: str, user: str, server: str) -> str:
    """The volume that is the home of such a lab: no other lab has the same."""
    return volume_prefix(deployment) + sockets.directory_name(user, server)


def seal_directory(user: str, server: str) -> str:
    """The directory of the one socket that whatever seals such a home sees. No lab's directory is called so."""
    return f"seal-{sockets.directory_name(user, server)}"
