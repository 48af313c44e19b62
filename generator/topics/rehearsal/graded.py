"""What the grades of two robots say: one handed in what was given out, the other the source's own answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.core.errors import HomeroomError
from generator.core.finding import in_units

NOT_THERE = ("ModuleNotFoundError", "ImportError")
PASSED = "Your notebook passes all the tests."
TELLING = re.compile(r"[\w.]*(Error|Exception)\b|VALIDATION FAILED")
SHOWN = 5
MOST = 600


def faults(name: str, solved: Mapping[str, Any] | None, memory_bytes: int) -> Iterator[HomeroomError]:
    """What keeps the source's own answers from all points that tests give.

    :param solved: what came of them, as the grader lab says; None: they were not graded.
    :param memory_bytes: what a container of grading may have.
    """
    if solved is None:
        yield HomeroomError(
            f"{name}: what was handed in was not graded",
            remedy="See what `nbgrader autograde` says of it in the grader lab.",
        )
        return
    reasons = "; ".join(each.rstrip(".") for each in solved["reasons"])
    if not solved["lost"] and not reasons:
        return
    lost, why = ", ".join(solved["lost"][:SHOWN]), "; ".join(solved["errors"][:SHOWN])
    cause = f"{name}: the source's own answers do not earn all points"
    yield HomeroomError(
        cause + "".join(f": {each}" for each in (lost, reasons, why) if each),
        remedy=_remedy(reasons, why, memory_bytes),
    )


def _remedy(reasons: str, why: str, memory_bytes: int) -> str:
    if "memory" in reasons:
        return f"It has {in_units(memory_bytes)} when it is graded: set GRADING_MEMORY higher, or have it need less."
    if any(each in why for each in NOT_THERE):
        return (
            "The labs' image lacks it: docs/labs-environments.md says how packages come in, for labs and for grading."
        )
    if "longer" in reasons or "too long" in reasons or "CellTimeoutError" in why:
        return "A cell may run 30 s (c.Execute.timeout), a submission GRADING_MINUTES: give more, or have it do less."
    return "See it in the grader lab: tests that the answers do not pass fail for everybody."


def faults_in_lab(name: str, said: str, notebooks: int, profile: str) -> Iterator[HomeroomError]:
    """What keeps the source's own answers from passing the tests in a student's lab.

    :param said: what `nbgrader validate` said there.
    :param notebooks: how many it looked at.
    :param profile: of the lab.
    """
    if said.count(PASSED) >= notebooks:
        return
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    why = next((line for line in reversed(lines) if TELLING.match(line)), lines[-1] if lines else "it says nothing")
    if any(each in why for each in NOT_THERE):
        remedy = "The labs' image lacks it: docs/labs-environments.md says how packages come in."
    elif "kernel" in why.lower():
        remedy = f"A kernel that dies needed more memory than {profile} has, perhaps: give the course a larger profile."
    else:
        remedy = "See it in a lab: `nbgrader validate`, or the button Validate."
    yield HomeroomError(
        f"{name}: in a lab of {profile}, the source's own answers do not pass its tests: {why}"[:MOST], remedy=remedy
    )


def hints(name: str, given: Mapping[str, Any] | None) -> Iterator[str]:
    """What is hardly meant.

    :param given: what came of a hand-in as it was given out; None: nothing.
    """
    if given is None:
        return
    if not given["maximum"]:
        yield f"{name}: nothing in it earns points."
    elif given["tests"] and not given["lost"]:
        yield f"{name}: whoever hands in what was given out has all points of its tests."
