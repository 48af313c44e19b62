"""Grades of a course on their way to its learning platform: what is sent, and what the page shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.courses.calendar import written
from homeroom.courses.grade_table import Table

Values = dict[str, Any]


def order_of(title: str, table: Table, user_ids: Mapping[str, str]) -> Values:
    """What the service is told: all grades that are finished, of those whose id there is known. Platforms take a grade
    that is not finished for none, and remove what they have."""
    return {
        "title": title,
        "columns": [{"key": each.name, "label": each.title, "maximum": each.maximum} for each in table.columns],
        "grades": [
            {
                "person": person,
                "user_id": user_ids[person],
                "column": each.name,
                "points": row[each.name]["points"],
                "maximum": each.maximum,
            }
            for person, row in table.rows.items()
            for each in table.columns
            if person in user_ids and each.name in row and each.maximum > 0 and not row[each.name]["needs_grading"]
        ],
    }


def without_id(table: Table, user_ids: Mapping[str, str]) -> list[str]:
    """Who has grades, and never came from the platform."""
    return [person for person, row in table.rows.items() if row and person not in user_ids]


def shown(state: Values, preview: Values, zone: ZoneInfo) -> Values:
    """How a course stands with its platform, for the page."""
    roster = state["roster"]
    return {
        **state,
        "changes": preview["changes"],
        "digest": preview["digest"],
        "roster": roster and {**roster, "at": _at(roster["read_at"], zone), "people": len(roster["members"])},
        "sends": [_send(each, zone) for each in state["sends"]],
    }


def _send(one: Values, zone: ZoneInfo) -> Values:
    outcomes: Iterable[Values] = one["outcomes"]
    sent = [each for each in outcomes if each["result"] == "sent"]
    failed = [each for each in outcomes if each["result"] != "sent"]
    return {
        **one,
        "at": _at(one["at"], zone),
        "sent": sent,
        "failed": failed,
        "left": one["total"] - len(one["outcomes"]),
    }


def _at(seconds: float | None, zone: ZoneInfo) -> str:
    return written(None if seconds is None else int(seconds), zone, seconds=True)
