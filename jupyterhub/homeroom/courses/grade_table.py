"""Grades as pages show them: a table of people and assignments, the same as CSV, and what one student may see."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.contract.grader_labs import DAMAGED
from homeroom.courses.course import Course
from homeroom.texts import language, quantities

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What a spreadsheet may take for the begin of a formula."""


def is_by_hand(score: Mapping[str, Any]) -> bool:
    """Whether somebody has to look at it still: it was run, and needs it."""
    return bool(score["needs_grading"]) and not score.get("not_run")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One assignment.

    :param maximum: how many points there are.
    """

    name: str
    title: str
    maximum: float


@dataclass(frozen=True, kw_only=True)
class Table:
    """All grades of a course.

    :param rows: by person and assignment; what is missing was not handed in, or not graded.
    """

    columns: tuple[Column, ...]
    rows: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def total(self, person: str) -> float:
        """All points of somebody together."""
        return sum(float(each["points"]) for each in self.rows[person].values())

    @property
    def maximum(self) -> float:
        """All points that there are."""
        return sum(each.maximum for each in self.columns)

    def needs_grading(self) -> int:
        """How many somebody has to look at still; none of them can be that was not run."""
        return sum(is_by_hand(each) for row in self.rows.values() for each in row.values())

    def damaged(self) -> int:
        """How many could not be run, since a notebook of them is damaged."""
        return sum(each.get("not_run") == DAMAGED for row in self.rows.values() for each in row.values())


def table_of(course: Course, students: Iterable[str], grades: Mapping[str, Any] | None) -> Table:
    """The grades of a course's students, in the order of its assignments; those that it lacks come last."""
    listed = grades["assignments"] if grades else []
    order = {each.name: place for place, each in enumerate(course.assignments)}
    titles = {each.name: each.title for each in course.assignments}
    listed = sorted(listed, key=lambda each: (order.get(each["name"], len(order)), each["name"]))
    columns = [
        Column(name=each["name"], title=titles.get(each["name"], each["name"]), maximum=each["maximum"])
        for each in listed
    ]
    people = sorted(students)
    rows = {
        person: {each["name"]: each["scores"][person] for each in listed if person in each["scores"]}
        for person in people
    }
    return Table(columns=tuple(columns), rows=rows)


def of_student(
    grades: Mapping[str, Any] | None, person: str, released: Collection[tuple[str, str]]
) -> dict[str, dict[str, Any]]:
    """What a student may see, by assignment: their own, of what they have feedback for."""
    return {
        each["name"]: {**each["scores"][person], "maximum": each["maximum"]}
        for each in (grades["assignments"] if grades else ())
        if person in each["scores"] and (each["name"], person) in released
    }


def released_to(given_out: Mapping[str, Any] | None) -> set[tuple[str, str]]:
    """The assignments whose feedback somebody has, each with the person, as the desk says it."""
    return {(each["assignment"], each["person"]) for each in given_out["feedback"]["out"]} if given_out else set()


def as_csv(table: Table, called: Mapping[str, str]) -> str:
    """A table for spreadsheets, in which nothing is a formula.

    :param called: what people are called, by user name; of whom nobody says it, the cell is empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    heading = [f"{each.name} ({written(each.maximum)})" for each in table.columns]
    writer.writerow(["name", "called", *map(plain, heading), f"total ({written(table.maximum)})"])
    for person, row in table.rows.items():
        points = [written(row[each.name]["points"]) if each.name in row else "" for each in table.columns]
        writer.writerow([plain(person), plain(called.get(person, "")), *points, written(table.total(person))])
    return text.getvalue()


def plain(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def written(points: float) -> str:
    """Points as files have them: `7.5`, `10`."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def shown(points: float) -> str:
    """Points as whoever reads the page writes them: `7.5`, `7,5`."""
    return quantities.decimal(written(points), language.current())
