"""How far an assignment is: of those who handed in, whose work is collected, run and looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.contract.grader_labs import DAMAGED
from homeroom.courses.grade_table import is_by_hand


@dataclass(frozen=True, kw_only=True)
class Progress:
    """People, of those who handed in.

    :param collected: the last hand-in of these lies in the grader lab.
    :param graded: these have points in the gradebook.
    :param by_hand: somebody has to look at the work of these still.
    :param damaged: the work of these could not be run, since a notebook of it is damaged.
    """

    collected: int
    graded: int
    by_hand: int
    damaged: int


def progress_of(
    assignment: str, receipts: Iterable[Mapping[str, Any]], grades: Mapping[str, Any] | None
) -> Progress | None:
    """How far one is; None where nobody has handed it in.

    :param receipts: those of the course, the first first.
    :param grades: as the desk has them.
    """
    last = {each["person"]: each for each in receipts if each["assignment"] == assignment}
    if not last:
        return None
    listed = grades["assignments"] if grades else []
    scores: Mapping[str, Any] = next((each["scores"] for each in listed if each["name"] == assignment), {})
    own = [score for person, score in scores.items() if person in last]
    return Progress(
        collected=sum(bool(each.get("collected")) for each in last.values()),
        graded=sum(not score.get("not_run") for score in own),
        by_hand=sum(map(is_by_hand, own)),
        damaged=sum(each.get("not_run") == DAMAGED for each in own),
    )
