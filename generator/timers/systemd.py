"""Timers as units of systemd."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from generator.core.process import Runner, require, run
from generator.timers.calendar import Calendar
from generator.timers.job import MARK, Job

SPREAD_SECONDS = 120
"""So that many machines of one house do not all begin in the same second."""
SERVICE = Template(
    """\
# $mark
[Unit]
Description=Homeroom $project: $title
Wants=network-online.target
After=network-online.target docker.service podman.socket

[Service]
Type=oneshot
User=$user
WorkingDirectory=$directory
ExecStart=$command
Nice=10
IOSchedulingClass=idle
"""
)
TIMER = Template(
    """\
# $mark
[Unit]
Description=Homeroom $project: $title

[Timer]
$calendar
Persistent=$persistent
RandomizedDelaySec=$spread

[Install]
WantedBy=timers.target
"""
)


@dataclass(frozen=True)
class Systemd:
    """Units in /etc/systemd/system, two a timer.

    :param root: `/`, but in tests.
    """

    root: Path = Path("/")
    runner: Runner = run

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.root / "etc/systemd/system"

    def files(self, jobs: Sequence[Job]) -> Mapping[str, str]:
        """Names and texts of the files; a service before its timer."""
        found = {}
        for job in jobs:
            found[f"{unit(job.project, job.timer.name)}.service"] = _service(job)
            found[f"{unit(job.project, job.timer.name)}.timer"] = _timer(job)
        return found

    def pattern(self, project: str) -> str:
        """By which a deployment's files are found; a project's name has no dot."""
        return f"{unit(project, '*')}.*"

    def directory(self, text: str) -> str:
        """Of which directory's deployment a file is; empty where it does not tell."""
        found = re.search(r"^WorkingDirectory=(.*)$", text, re.MULTILINE)
        return found[1].replace("%%", "%") if found else ""

    def is_off(self, project: str, names: Collection[str]) -> list[str]:
        """Of these timers, those that systemd does not run."""
        units = {name: f"{unit(project, name)}.timer" for name in names}
        return [
            name
            for name, one in units.items()
            if not (self._holds("is-active", one) and self._holds("is-enabled", one))
        ]

    def switch_on(self, project: str, names: Collection[str]) -> None:
        """Take the files up.

        :raises HomeroomError: systemd does not.
        """
        self._systemctl("daemon-reload")
        for name in names:
            self._systemctl("enable", "--quiet", f"{unit(project, name)}.timer")
            self._systemctl("restart", f"{unit(project, name)}.timer")  # also one whose time has changed

    def switch_off(self, files: Sequence[Path]) -> None:
        """End timers whose files are about to be removed; when they ran last is forgotten with them."""
        timers = [path.name for path in files if path.suffix == ".timer"]
        if timers:
            self.runner(["systemctl", "disable", "--quiet", "--now", *timers])
            self.runner(["systemctl", "clean", "--what=state", *timers])

    def forget(self) -> None:
        """See that what was removed is known no more."""
        self._systemctl("daemon-reload")

    def removal(self, project: str) -> str:
        """What to type to remove a deployment's timers by hand."""
        pattern = unit(project, "*")
        return (
            f"sudo systemctl disable --now '{pattern}.timer'; sudo rm -f {self.folder}/{pattern}.*; "
            "sudo systemctl daemon-reload"
        )

    def _holds(self, question: str, one: str) -> bool:
        return self.runner(["systemctl", "--quiet", question, one]).returncode == 0

    def _systemctl(self, *words: str) -> None:
        require(
            self.runner(["systemctl", *words]),
            what=f"systemctl {' '.join(words)}",
            remedy="`systemctl status` says more; `make timers` tries again.",
        )


def unit(project: str, name: str) -> str:
    """The name of a timer's units, without what they are."""
    return f"homeroom-{project}.{name}"


def literal(text: str) -> str:
    """A text in which systemd sees no specifier."""
    return text.replace("%", "%%")


def word(text: str) -> str:
    """One word of a command, in which systemd sees neither specifiers nor variables."""
    escaped = literal(text).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"'


def _service(job: Job) -> str:
    return SERVICE.substitute(
        mark=MARK,
        project=job.project,
        title=literal(job.timer.title),
        user=job.user,
        directory=literal(str(job.directory)),
        command=" ".join(word(each) for each in job.command),
    )


def _timer(job: Job) -> str:
    at: Calendar = job.timer.at
    return TIMER.substitute(
        mark=MARK,
        project=job.project,
        title=literal(job.timer.title),
        calendar="\n".join(f"OnCalendar={each}" for each in at.systemd()),
        persistent="true" if job.timer.catches_up else "false",
        spread=0 if at.every_minutes else SPREAD_SECONDS,
    )
