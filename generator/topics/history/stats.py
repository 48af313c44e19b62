"""`make stats`: who used how much, and how it went over time, as the hub has written it down."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from generator.core.console import plain
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.history.question import COURSE, Question
from generator.topics.storage import home_use

MODULE, COURSES = "homeroom.history.report", "homeroom.courses.statistics"
NAMELESS = {
    "group": "(in no group)",
    "person": "(names no longer kept)",
    "profile": "(unknown)",
    "image": "(unknown)",
}
LEFT_OUT = "-"
FORMULAS = ("=", "+", "-", "@")
"""What a table program takes for the beginning of one."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A table, and what is to be known of it."""

    text: str
    notes: tuple[str, ...] = ()


def answer(deployment: Deployment, question: Question, rendered: Path) -> Answer:
    """Ask the hub.

    :param rendered: where the sizes of homes are kept for a while.
    :raises HomeroomError: the hub does not run, or has no history.
    """
    if question.by == COURSE:
        return _of_courses(deployment, question)
    homes: dict[str, int] = {}
    notes = []
    if question.of_people:
        found = home_use.read(deployment.client, deployment.settings, rendered)
        homes = {name: size for name, size in found.bytes_of.items() if size is not None}
        notes += [f"Homes could not be measured: {found.fault}."] if found.fault else []
    people = "names" if question.names else "pseudonyms"
    told = hub_module.ask(
        *(deployment, MODULE, question.by, str(question.days), people),
        about="who used how much",
        given=json.dumps(homes),
    )
    table = [told["columns"], *told["rows"]]
    if not told["rows"]:
        return Answer(text=f"Nothing is known of the last {_days(question.days)}.")
    notes += _notes(question, deployment.settings.HISTORY_DAYS)
    return Answer(text=as_csv(table) if question.csv else as_text(table), notes=tuple(notes))


def _of_courses(deployment: Deployment, question: Question) -> Answer:
    people = "few" if question.names else "crowds"
    told = hub_module.ask(deployment, COURSES, people, about="how it goes in courses")
    if not told["rows"]:
        return Answer(text="There are no courses.")
    table = [told["columns"], *told["rows"]]
    hidden = any(None in row for row in told["rows"])
    note = "Where a course has few students, what they did is left out (-). NAMES=1 shows it."
    return Answer(text=as_csv(table) if question.csv else as_text(table), notes=(note,) if hidden else ())


def _notes(question: Question, days_with_names: int) -> Iterator[str]:
    if question.by == "group":
        yield "Use of people in several groups is counted in each of them."
    if question.by == "person" and not question.names:
        yield "People have pseudonyms, others with each run. NAMES=1 shows their names."
    if question.by == "person" and question.days > days_with_names:
        yield f"Names are kept for {_days(days_with_names)} (HISTORY_DAYS); what was used before has none."


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def as_text(table: Sequence[Sequence[Any]]) -> str:
    """A table for people, numbers to the right."""
    by = str(table[0][0])
    rows = [
        [one.replace("_", " ") for one in table[0]],
        *([_first(by, row[0]), *map(_number, row[1:])] for row in table[1:]),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [f"{row[0]:{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    )


def as_csv(table: Sequence[Sequence[Any]]) -> str:
    """The same for programs; no name in it is taken for a formula."""
    by = str(table[0][0])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table[0])
    for row in table[1:]:
        first = _first(by, row[0])
        writer.writerow([f"'{first}" if first.startswith(FORMULAS) else first, *row[1:]])
    return text.getvalue().rstrip("\n")


def _first(by: str, value: Any) -> str:
    """What a row is of: a moment, or a name."""
    if by == "at":
        return datetime.fromtimestamp(value).astimezone().isoformat(timespec="minutes")
    return plain(str(value)).replace("\n", " ") or NAMELESS.get(by, "")


def _number(value: float | None) -> str:
    if value is None:
        return LEFT_OUT
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"
