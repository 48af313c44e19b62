"""Timers as one file of cron's, where systemd is not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator.timers.job import MARK, Job

AFTER_BOOT_SECONDS = 120
"""So that the engine is up."""
LOW_PRIORITY = "nice -n 10 ionice -c 3"


@dataclass(frozen=True)
class Cron:
    """One file in /etc/cron.d, which cron reads within a minute of each change.

    :param root: `/`, but in tests.
    """

    root: Path = Path("/")

    @property
    def folder(self) -> Path:
        """Where its file lies."""
        return self.root / "etc/cron.d"

    def files(self, jobs: Sequence[Job]) -> Mapping[str, str]:
        """Name and text of the file; none where nothing is run by the clock."""
        if not jobs:
            return {}
        lines = [f"# {MARK}", "SHELL=/bin/sh", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        return {name(jobs[0].project): "\n".join([*lines, *(line for job in jobs for line in _lines(job)), ""])}

    def pattern(self, project: str) -> str:
        """By which a deployment's file is found."""
        return name(project)

    def directory(self, text: str) -> str:
        """Of which directory's deployment a file is; empty where it does not tell."""
        found = re.search(r"ionice -c 3 (.*) timers RUN=", text)
        try:
            return shlex.split(found[1].replace("\\%", "%"))[-1] if found else ""
        except (ValueError, IndexError):
            return ""

    def is_off(self, project: str, names: Collection[str]) -> list[str]:
        """Of these timers, those that do not run though their file is there: none."""
        return []

    def switch_on(self, project: str, names: Collection[str]) -> None:
        """Nothing to do: cron looks at its folder each minute."""

    def switch_off(self, files: Sequence[Path]) -> None:
        """Nothing to do."""

    def forget(self) -> None:
        """Nothing to do."""

    def removal(self, project: str) -> str:
        """What to type to remove a deployment's timers by hand."""
        return f"sudo rm -f {self.folder / name(project)}"


def name(project: str) -> str:
    """The name of a deployment's file: cron leaves out any with a dot."""
    return f"homeroom-{project}"


def _lines(job: Job) -> Iterator[str]:
    command = typed(job.command)
    yield f"# {job.timer.title}"
    for when in job.timer.at.cron():
        yield f"{when} {job.user} {LOW_PRIORITY} {command} >/dev/null 2>&1"
    if job.timer.catches_up:
        missed = typed([*job.command, "MISSED=1"])
        yield f"@reboot {job.user} sleep {AFTER_BOOT_SECONDS}; {LOW_PRIORITY} {missed} >/dev/null 2>&1"


def typed(command: Sequence[str]) -> str:
    """A command as cron's lines have it: for a shell, with the signs escaped that cron takes for ends of lines."""
    return shlex.join(command).replace("%", "\\%")
