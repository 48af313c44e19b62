"""A timer of one deployment, with all that the machine is told of it."""

from __future__ import annotations

import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.timers.timer import Timer

MARK = "Written by Homeroom: `make up` writes it anew, `make down` removes it. Change .env instead."


@dataclass(frozen=True, kw_only=True)
class Job:
    """A timer, whose it is, and as whom and where it is run.

    :param user: who owns its directory: what a run writes then belongs to the one who uses it.
    """

    timer: Timer
    project: str
    directory: Path
    user: str

    @property
    def command(self) -> list[str]:
        """What is run: by way of Make, which brings the generator's Python environment up to date first."""
        return ["/usr/bin/make", "-C", str(self.directory), "timers", f"RUN={self.timer.name}"]


def jobs(timers: Sequence[Timer], project: str, directory: Path) -> list[Job]:
    """The jobs of a deployment."""
    user = owner(directory)
    return [Job(timer=each, project=project, directory=directory, user=user) for each in timers]


def owner(path: Path) -> str:
    """The name of the one who owns a path; their number where they have no name."""
    return user_name(path.stat().st_uid)


def user_name(number: int) -> str:
    """The name of a user of this machine; their number where they have none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
