"""Labs in which an exam is sat: how hub and guard call them, their homes, and what seals these."""

from __future__ import annotations

from homeroom.contract import sockets

PREFIX = "exam."
"""What the name of such a lab begins with. No other lab is called so."""
SEAL_ADDRESS = "/homeroom/seal"
"""Where the guard is asked to have what lies in such a home handed in."""
SEAL_SECONDS = 600.0
"""Whoever waits for it waits no longer; the container ends by itself before."""
HOME_TARGET = "/home/jovyan"
OWNER, GROUP = 1000, 100
"""Whose files those of a home are, and who the container is."""


def lab_name(course: str, exam: str) -> str:
    """The name of the lab in which an exam is sat: `exam.biology.final`. Names of courses have no dot."""
    return f"{PREFIX}{course}.{exam}"


def is_exam(server: str) -> bool:
    """Whether a lab of this name is one in which an exam is sat."""
    return server.startswith(PREFIX)


def volume_prefix(deployment: str) -> str:
    """What the names of volumes begin with that are homes of such labs."""
    return f"{deployment}-exam-"


def volume_name(deployment: str, user: str, server: str) -> str:
    """The volume that is the home of such a lab: no other lab has the same."""
    return volume_prefix(deployment) + sockets.directory_name(user, server)


def seal_directory(user: str, server: str) -> str:
    """The directory of the one socket that whatever seals such a home sees. No lab's directory is called so."""
    return f"seal-{sockets.directory_name(user, server)}"
