"""What is kept of a course: with the desk, with what sends grades, in the hub's database, and in its grader's home."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from generator.core import operator
from generator.core.console import counted, note, out, table
from generator.core.finding import in_units
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.courses import desk
from generator.topics.terms import lab_home

MODULE = "homeroom.courses.clerk"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """It, in numbers.

    :param desk: as the desk says; None: it has never kept anything.
    :param home: as the home of the grader lab says; None: there is none.
    :param sitting: how many people sit an exam of it, or did within a day and are not handed in yet.
    :param made: the course as it was made on a page; None: it was not.
    """

    course: str
    desk: dict[str, Any] | None
    home: dict[str, Any] | None
    sends: int
    sittings: int
    sitting: int = 0
    made: dict[str, Any] | None

    @property
    def is_something(self) -> bool:
        """Whether there is anything."""
        desk = self.desk or {}
        return bool(any(desk.values()) or self.home is not None or self.sends or self.sittings or self.made is not None)

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return int((self.desk or {}).get("size_bytes", 0)) + int((self.home or {}).get("size_bytes", 0))


def ask(deployment: Deployment, verb: str, **given: Any) -> dict[str, Any]:
    """Ask the hub for something about what is kept. :raises HomeroomError: it, or who keeps it, does not answer."""
    with desk.open_for_a_verb(deployment):
        return hub_module.ask(deployment, MODULE, verb, about="what is kept of courses", given=json.dumps(given))


def look(deployment: Deployment, course: str) -> Kept:
    """Count it. :raises HomeroomError: somebody who keeps something does not answer."""
    found = ask(deployment, "kept", course=course)
    home = None
    if lab_home.is_there(deployment, course):
        mounts = [lab_home.mount(deployment, course, lab_home.HOME, read_only=True)]
        home = lab_home.run(deployment, "measure", mounts=mounts)
    return Kept(course=course, home=home, **found)


def remove(deployment: Deployment, course: str, *, everything: bool) -> dict[str, Any]:
    """Remove what is kept outside the grader lab's home. :raises HomeroomError: somebody does not answer."""
    return ask(deployment, "remove", course=course, who=operator.name(), everything=everything)


def show(kept: Kept, *, everything: bool) -> None:
    """Print it.

    :param everything: or what students did alone.
    """
    desk, home = kept.desk or {}, kept.home or {}
    rows = table("what", "how much")
    rows.add_row("hand-ins", f"{desk.get('hand_ins', 0)}, of {counted(desk.get('people', 0), 'person')}")
    rows.add_row("feedback given out", str(desk.get("feedback", 0)))
    rows.add_row("grades on the course's page", f"of {counted(desk.get('graded', 0), 'person')}")
    rows.add_row("students in the gradebook", str(home.get("students", 0)))
    rows.add_row("grades sent to a learning platform", counted(kept.sends, "time"))
    rows.add_row("sittings of exams", str(kept.sittings))
    if everything:
        rows.add_row("assignments given out", str(desk.get("released", 0)))
        rows.add_row("handouts of the course's page", str(desk.get("handouts", 0)))
        rows.add_row("assignments in the grader lab", str(home.get("assignments", 0)))
        rows.add_row("rooms of its page", str(len((kept.made or {}).get("rooms", ()))))
        rows.add_row("all files, but those of rooms", in_units(kept.size_bytes))
    else:
        rows.add_row("files of students in the grader lab", in_units(home.get("work_bytes", 0)))
    out.print(rows)
    if fault := home.get("fault"):
        note(f"The gradebook: {fault}")
