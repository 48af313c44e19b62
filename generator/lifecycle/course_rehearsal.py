"""What a rehearsal does in the directory beside: it is brought up on no network, and robots write the exam."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import docker.errors
from docker.models.containers import Container

from generator.core.atomic import write_atomically
from generator.core.console import counted
from generator.core.labels import SERVER_LABEL, USER_LABEL
from generator.core.paths import RENDERED, ROOT, SITE
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment
from generator.lifecycle import render
from generator.lifecycle.drill import ending_with_who_waits
from generator.lifecycle.robots import KEPT_LINES, Beside, bring_up, timed
from generator.topics.courses.site import COURSES
from generator.topics.drill import beside
from generator.topics.rehearsal import fitted

STARTED_SECONDS, ENTERED_SECONDS, HANDED_IN_SECONDS = 300.0, 300.0, 180.0
AHEAD_SECONDS = 500
ROBOT = "homeroom.courses.exams.robot"


class Exam(Beside):
    """The exam in the deployment beside.

    :param robots: who writes it.
    """

    def __init__(self, there: Deployment, hub: Container, course: str, exam: str, robots: Sequence[str]) -> None:
        super().__init__(there, hub)
        self.course, self.name, self.robots = course, exam, robots

    def move(self, *, begins_in: float = 0.0, ends_in: float = 0.0) -> None:
        """Have it begin, or end, in so many seconds."""
        begins = time.time() + (begins_in or ends_in - 60 * fitted.MINUTES)
        opens = datetime.fromtimestamp(int(begins), ZoneInfo(self.there.settings.TIMEZONE))
        text = (ROOT / fitted.WITHOUT_TIME).read_text(encoding="utf-8")
        write_atomically(SITE / COURSES, text.replace(fitted.OPENS, f"{opens:%Y-%m-%d %H:%M:%S}"))
        render.write(render.rendered_files(self.there.settings, SITE), RENDERED)

    def ask(self, verb: str, *names: str) -> Any:
        """Have robots do something; what came of it.

        :raises HomeroomError: they could not.
        """
        return self.have_robots(verb, ROBOT, self.course, self.name, verb, *(names or self.robots))

    def labs(self) -> dict[str, Container]:
        """The labs of the exam, by robot."""
        return {lab.labels[USER_LABEL]: lab for lab in self.all_labs() if lab.labels[SERVER_LABEL].startswith("exam-")}


def rehearse_beside(there: Deployment, of: str, course: str, exam: str, robots: int) -> None:
    """Write an exam with robots in this deployment, which holds nothing, and remove what it has made on the engine.

    :param there: this directory's.
    :param of: the deployment whose images it has.
    :raises HomeroomError: the robots did not get through.
    """
    try:
        with ending_with_who_waits():
            _write(there, of, course, exam, fitted.robots(robots))
    finally:
        beside.remove(there.client, there.project)


def _write(there: Deployment, of: str, course: str, exam: str, robots: Sequence[str]) -> None:
    text = (ROOT / fitted.WITHOUT_TIME).read_text(encoding="utf-8")
    write_atomically(SITE / COURSES, text.replace(fitted.OPENS, "2099-01-01 10:00"))
    hub = bring_up(there, of)
    held = Exam(there, hub, course, exam, robots)
    with timed(f"{counted(len(robots), 'robot')} sign in"):
        held.ask("sign-in")
    held.move(begins_in=AHEAD_SECONDS)
    with timed("Labs start ahead, and nobody gets in"):
        held.until(held.labs, "a lab is started ahead", STARTED_SECONDS)  # the others: as far as there is room
    held.move(begins_in=1.0)
    with timed("It begins: they enter, and write") as say:
        entered = held.until(lambda: _entered(held), "each is in their lab", ENTERED_SECONDS)
        say(f"the slowest {max(entered.values()):.0f} s after pressing the button")
    with timed("They find their files, and hand in") as say:
        say(_hand_in(held))
    held.move(ends_in=3.0)
    with timed("It ends: homes are handed in") as say:
        receipts = held.until(lambda: _at_end(held), "each home is handed in at the end", HANDED_IN_SECONDS)
        say(f"{counted(len(receipts), 'receipt')}")
    with timed("No lab is left"):
        held.until(lambda: not held.labs(), "their labs are stopped", STARTED_SECONDS)


def _entered(held: Exam) -> dict[str, float]:
    """How many seconds each robot took to get in; empty: not all are."""
    found: dict[str, Any] = held.ask("enter")
    if any(isinstance(each, str) for each in found.values()):
        return {}
    return {name: float(seconds) for name, seconds in found.items()}


def _hand_in(held: Exam) -> str:
    """See what each finds, and have them hand in by the command of the lab. :raises HomeroomError: one of it fails."""
    files = ""
    for name, lab in held.labs().items():
        with suppress(docker.errors.APIError):
            _, files = held.in_lab(lab, "sh", "-c", f"ls -A /home/jovyan/{held.name} | grep -v robot.txt | wc -l")
            code, said = held.in_lab(lab, "homeroom", "hand-in", held.name, f"/home/jovyan/{held.name}")
            if code:
                raise held.fault(f"{name} could not hand in:{indented(tail(said, KEPT_LINES))}")
    return f"{counted(int(files.strip() or 0), 'file')} in each folder"


def _at_end(held: Exam) -> list[str]:
    """The receipts of the end, once each robot has one; empty before."""
    found: dict[str, list[str]] = held.ask("receipts")
    if not all(found.values()):
        return []
    return [code for codes in found.values() for code in codes]
