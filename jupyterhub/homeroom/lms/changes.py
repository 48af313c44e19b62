"""What would change in a platform's gradebook: pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.lms.columns import SUM, Column

NEAR = 1e-6
LONGEST_LABEL = 100


@dataclass(frozen=True, kw_only=True)
class Grade:
    """One person's grade for one assignment.

    :param user_id: as the platform calls them.
    """

    person: str
    user_id: str
    column: str
    points: float
    maximum: float


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is sent for one person into one column.

    :param before: what was sent last; None: nothing, or it was taken away.
    :param points: None: the grade is taken away.
    """

    person: str
    user_id: str
    column: str
    label: str
    before: float | None
    points: float | None
    maximum: float


Last = Mapping[tuple[str, str], tuple[float | None, float]]
"""Points and maximum that were sent last, by column and id of the person."""


def order_of(manner: str, title: str, columns: list[Column], grades: list[Grade]) -> tuple[list[Column], list[Grade]]:
    """Columns and grades as they go to the platform.

    :param manner: `per_assignment`; or `sum`: one column of this title, with each person's points together.
    """
    if manner == "per_assignment":
        return columns, grades
    if manner != "sum" or not columns:
        return [], []
    whole = Column(key=SUM, label=title[:LONGEST_LABEL], maximum=sum(each.maximum for each in columns))
    points: dict[tuple[str, str], float] = {}
    for each in grades:
        points[each.person, each.user_id] = points.get((each.person, each.user_id), 0.0) + each.points
    return [whole], [
        Grade(person=person, user_id=user_id, column=SUM, points=given, maximum=whole.maximum)
        for (person, user_id), given in points.items()
    ]


def changes(columns: Iterable[Column], grades: Iterable[Grade], last: Last) -> list[Change]:
    """What is not there yet, by column and person."""
    labels = {each.key: each.label for each in columns}
    found = []
    for each in grades:
        before, maximum = last.get((each.column, each.user_id), (None, each.maximum))
        if before is not None and abs(before - each.points) < NEAR and abs(maximum - each.maximum) < NEAR:
            continue
        found.append(
            Change(
                person=each.person,
                user_id=each.user_id,
                column=each.column,
                label=labels[each.column],
                before=before,
                points=each.points,
                maximum=each.maximum,
            )
        )
    order = {key: place for place, key in enumerate(labels)}
    return sorted(found, key=lambda each: (order[each.column], each.person))


def digest(found: Iterable[Change]) -> str:
    """What a preview is known by: what is sent is what was shown, or nothing."""
    return hashlib.sha256(json.dumps([vars(each) for each in found], sort_keys=True).encode()).hexdigest()[:32]


def read_order(values: Any) -> tuple[list[Column], list[Grade]]:
    """What the hub says.

    :raises ValueError: KeyError and TypeError: it is none of ours.
    """
    columns = [Column(**each) for each in values["columns"]]
    grades = [Grade(**each) for each in values["grades"]]
    known = {each.key for each in columns}
    if any(each.column not in known for each in grades) or len(known) != len(columns):
        raise ValueError("a grade without its column")
    return columns, grades
