"""How it goes in courses, for `make stats BY=course`: `python -m homeroom.courses.statistics`, as one line of JSON.

Where a course has few students, what they did is told of no crowd, but nearly of each of them: it is left out unless it
is asked for.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from homeroom.courses import desk_client
from homeroom.courses.course import ROLES, STUDENTS

FEW = 5
"""Fewer students than these are few."""
WORK = ("hand_ins", "handed_in_by", "graded", "feedback_out")
COLUMNS = ("course", *ROLES, "assignments", "exams", *WORK)


def table(courses: Sequence[Mapping[str, Any]], *, with_few: bool) -> dict[str, Any]:
    """The columns and rows of an answer, None for what is left out; and the hand-ins of the last seven days, in how
    many courses.

    :param courses: as the desk tells them.
    :param with_few: whether it is told what few students did, too.
    """
    rows = [
        [None if column in WORK and one[STUDENTS] < FEW and not with_few else one[column] for column in COLUMNS]
        for one in courses
    ]
    week = [count for one in courses if (count := one["hand_ins_of_week"])]
    return {"columns": COLUMNS, "rows": rows, "week": {"hand_ins": sum(week), "courses": len(week)}}


def main(arguments: list[str]) -> int:
    """Answer, and return the exit code; 1, with the reason on standard error, where the desk does not answer."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.courses.statistics")
    parser.add_argument("people", choices=["crowds", "few"])
    given = parser.parse_args(arguments)
    try:
        found = desk_client.statistics() if desk_client.is_there() else []
    except desk_client.DeskAway as error:
        print(f"the hand-in desk does not answer: {error}", file=sys.stderr)
        return 1
    print(json.dumps(table(found, with_few=given.people == "few")))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
