"""What a rehearsal of assignments does in the directory beside: robots fetch them, hand in, are graded in sealed
containers, and fetch their feedback."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import docker.errors
from docker.models.containers import Container
from docker.types import Mount

from generator.core.atomic import write_atomically
from generator.core.console import note, warn
from generator.core.errors import HomeroomError, did_you_mean, raise_all
from generator.core.labels import USER_LABEL
from generator.core.paths import ROOT, SITE
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment
from generator.lifecycle.drill import ending_with_who_waits
from generator.lifecycle.robots import KEPT_LINES, UNTOUCHED, Beside, bring_up, timed
from generator.topics.courses.site import COURSES
from generator.topics.drill import beside
from generator.topics.rehearsal import fitted, graded
from generator.topics.storage import homes
from generator.topics.terms import lab_home

ROBOT, OUTCOME = "homeroom.courses.work_robot", "homeroom_lab.grading.outcome"
PYTHON = "/opt/jupyter/bin/python"
FROM = "/srv/from"
HOME = "/home/jovyan"
STARTED_SECONDS = 300.0
AS_GIVEN, AS_SOLVED = fitted.robots(fitted.WORKERS)
"""Who hands in what was given out, and who hands in the source's own answer."""


class Course(Beside):
    """The course in the deployment beside.

    :param plan: what is to be done in it.
    """

    def __init__(self, there: Deployment, hub: Container, plan: Mapping[str, Any]) -> None:
        super().__init__(there, hub)
        self.plan, self.name = plan, str(plan["course"])

    def lab(self, owner: str) -> Container:
        """The lab of a robot, or the grader lab. :raises HomeroomError: it runs no more."""
        found = next((lab for lab in self.all_labs() if lab.labels[USER_LABEL] == owner), None)
        if found is None:
            raise self.fault(f"the lab of {owner} runs no more")
        return found

    def have(self, owner: str, command: str) -> str:
        """Have a command of the shell be run in somebody's lab, in their home; what it said.

        :raises HomeroomError: it failed.
        """
        try:
            code, said = self.in_lab(self.lab(owner), "sh", "-c", f"cd {HOME} && {command}")
        except docker.errors.APIError as error:
            raise self.fault(f"the lab of {owner} runs no more: {error.explanation}") from None
        if code:
            raise HomeroomError(
                f"in the lab of {owner}, `{command}` failed ({code}):{indented(tail(said, KEPT_LINES))}",
                remedy=UNTOUCHED,
            )
        return said

    def have_both(self, command: str) -> None:
        """Have both students' robots run a command at once. :raises HomeroomError: it failed for one."""
        with ThreadPoolExecutor() as pool:
            for done in [pool.submit(self.have, robot, command) for robot in (AS_GIVEN, AS_SOLVED)]:
                done.result()

    def grade(self, command: str) -> str:
        """Have nbgrader do something in the grader lab. :raises HomeroomError: it failed."""
        words = f"cd course && nbgrader {command} --course {shlex.quote(self.name)}"
        return self.have(lab_home.grader(self.name), words)


def rehearse_beside(there: Deployment, of: str) -> None:
    """Have robots do what is planned in this deployment, which holds nothing, and remove what it has made on the
    engine.

    :param there: this directory's.
    :param of: the deployment whose images it has.
    :raises HomeroomError: what failed, of all assignments.
    """
    try:
        with ending_with_who_waits():
            plan = json.loads((ROOT / fitted.PLAN).read_text(encoding="utf-8"))
            write_atomically(SITE / COURSES, (ROOT / fitted.WITHOUT_TIME).read_text(encoding="utf-8"))
            held = Course(there, bring_up(there, of), plan)
            brought = _bring_material(held)
            _start_labs(held)
            faults = []
            for each in plan["assignments"]:
                if each["name"] in brought:
                    faults += _play(held, each["name"])
                else:
                    faults += _missing(held, each, brought)
            raise_all(faults)
    finally:
        beside.remove(there.client, there.project)


def _bring_material(held: Course) -> list[str]:
    """Copy the material of the grader lab, without students; the names of the assignments that there are."""
    there, grader = held.there, lab_home.grader(held.name)
    with timed("The course's material comes, without its students") as say:
        homes.ensure(there.client, there.settings, there.project, grader)
        kind: Literal["bind", "volume"] = "bind" if held.plan["is_directory"] else "volume"
        mounts = [
            lab_home.mount(there, held.name, lab_home.HOME, read_only=False),
            Mount(target=FROM, source=held.plan["home"], type=kind, read_only=True),
        ]
        words = (f"--course={held.name}", "--given", f"{FROM}/{lab_home.COURSE}")
        done = lab_home.run(there, "bring", *words, mounts=mounts)
        brought = [*done["new"], *done["there"]]
        say(f"{len(brought)} in the grader lab")
    return brought


def _start_labs(held: Course) -> None:
    """Have the grader lab and those of the robots be started. :raises HomeroomError: one does not come."""
    profile = held.plan["profile"]
    with timed("A teacher starts the grader lab, robots their own") as say:
        words = [
            f"{fitted.TEACHER}:{lab_home.grader(held.name)}:",
            *(f"{name}:{name}:{profile}" for name in (AS_GIVEN, AS_SOLVED)),
        ]
        took = held.until(lambda: _started(held, words), "their labs answer", STARTED_SECONDS)
        say(f"the slowest {max(took.values()):.0f} s")


def _started(held: Course, words: list[str]) -> dict[str, float]:
    """How many seconds each lab took. :raises HomeroomError: one does not come."""
    took: dict[str, Any] = held.have_robots("start their labs", ROBOT, *words)
    wrong = [why for why in took.values() if isinstance(why, str)]
    if wrong:
        raise held.fault(wrong[0])
    return took


def _missing(held: Course, planned: Mapping[str, Any], brought: list[str]) -> Iterator[HomeroomError]:
    """An assignment of which the grader lab has nothing."""
    name = planned["name"]
    cause = f"{name}: there is no notebook of it in the grader lab"
    remedy = did_you_mean(name, brought, f"Put one into course/source/{name}/ in the grader lab.")
    if planned["has_begun"] or not planned["is_listed"]:
        yield HomeroomError(cause, location=held.name, remedy=remedy)
    else:
        warn(f"{held.name}: {cause}\n  {remedy}")


def _play(held: Course, name: str) -> list[HomeroomError]:
    """Do one assignment from its release to its feedback; what failed."""
    try:
        return list(_steps(held, name))
    except HomeroomError as error:
        return [HomeroomError(f"{name}: {error.cause}", location=error.location or held.name, remedy=error.remedy)]


def _steps(held: Course, name: str) -> Iterator[HomeroomError]:
    word = shlex.quote(name)
    grader = lab_home.grader(held.name)
    with timed(f"{name}: it is released") as say:
        if held.have(grader, f"ls course/release/{word} 2>/dev/null || true").strip():
            say("as it lies in release/")
        else:
            held.grade(f"generate_assignment {word}")
            say("made from source/: release/ had none")
        held.grade(f"release_assignment {word}")
    with timed(f"{name}: robots fetch it"):
        held.have_both(f"nbgrader fetch_assignment {word}")
    with timed(f"{name}: they hand in, one as given, one with the source's answers"):
        pieces, _ = held.lab(grader).get_archive(f"{HOME}/course/source/{name}")
        held.lab(AS_SOLVED).put_archive(HOME, b"".join(pieces))
        held.have_both(f"nbgrader submit {word}")
    with timed(f"{name}: its tests run in a student's lab"):
        notebooks = held.have(AS_SOLVED, f"ls {word}/*.ipynb").split()
        validated = held.have(AS_SOLVED, f"nbgrader validate {word}/*.ipynb; true")
    yield from graded.faults_in_lab(name, validated, len(notebooks), held.plan["profile"] or "the first profile")
    with timed(f"{name}: it is collected"):
        held.grade(f"collect {word}")
    with timed(f"{name}: it is graded in sealed containers") as say:
        held.grade(f"autograde {word}")
        said = held.have(grader, f"{PYTHON} -m {OUTCOME} course {word}")
        came: dict[str, Any] = json.loads(said.strip().rpartition("\n")[2])
        solved, given = came.get(AS_SOLVED), came.get(AS_GIVEN)
        if solved is not None:
            say(f"{solved['points']:g} of {solved['maximum']:g} points for the source's answers")
    yield from graded.faults(name, solved, held.there.settings.GRADING_MEMORY)
    for hint in graded.hints(name, given):
        note(hint)
    with timed(f"{name}: feedback comes back"):
        held.grade(f"generate_feedback {word}")
        held.grade(f"release_feedback {word}")
        held.have(AS_SOLVED, f"nbgrader fetch_feedback {word}")
        held.have(AS_SOLVED, f"ls {word}/feedback/*/*.html")
