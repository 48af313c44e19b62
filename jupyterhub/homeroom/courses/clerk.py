"""What is kept of a course, from the server's own shell: `python -m homeroom.courses.clerk VERB`, run in the hub's
container. What it takes comes on standard input, and answers are on one line, both JSON.

It asks those who keep something: the desk, what sends grades, and the hub's database. The course's files are in the
home of its grader lab, which other verbs read and remove.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import time
from typing import Any
from zoneinfo import ZoneInfo

from homeroom.contract.database import DATABASE
from homeroom.contract.grader_labs import grader_name
from homeroom.courses import desk_client
from homeroom.courses.course import room_user
from homeroom.courses.made import service
from homeroom.courses.made.next_term import TIMES, next_term
from homeroom.lms import client as lms_client
from homeroom.sign_in import accounts
from homeroom.sign_in.marks import SHARED

SITTINGS, MADE = "homeroom_exam_sittings", "homeroom_courses"
CLOSING_SECONDS = 60.0
"""How long it is waited for the hub to let go of a course's grader lab."""
LOOK_SECONDS = 0.5
DAY_SECONDS = 86400


def kept(database: sqlite3.Connection, course: str) -> dict[str, Any]:
    """How much there is of a course, and how it was made on a page; None for what no part keeps.

    :raises DeskAway: ServiceAway: somebody who keeps something does not answer.
    """
    desk = desk_client.kept(course) if desk_client.is_there() else None
    sends = lms_client.ask("GET", f"/kept/{course}")["sends"] if lms_client.is_there() else 0
    return {
        "desk": desk,
        "sends": sends,
        "sittings": _count(database, SITTINGS, "course", course),
        "sitting": sitting(database, course, time.time()),
        "made": made(database, course),
    }


def sitting(database: sqlite3.Connection, course: str, now: float) -> int:
    """How many people sit an exam of a course, or did within a day and are not handed in yet."""
    query = (
        f"SELECT count(*) FROM {SITTINGS} WHERE course = ? AND person != '' AND entered_at > 0"  # noqa: S608 - ours
        " AND sealed_at < max(ends_at, 1) AND ends_at > ?"
    )
    try:
        return int(database.execute(query, (course, now - DAY_SECONDS)).fetchone()[0])
    except sqlite3.OperationalError:  # the table is made with the first that it has
        return 0


def given_out(database: sqlite3.Connection, course: str) -> dict[str, Any]:
    """Which assignments of a course are `out`, and which are `waiting` for a teacher; and how it was made on a page.

    :raises DeskAway: the desk does not answer.
    """
    states: dict[str, str] = {}
    if desk_client.is_there():
        released = desk_client.released(course)["released"]
        # one of which an earlier form is out is found by students
        states = {each["assignment"]: state for state in ("waiting", "out") for each in released[state]}
    return {"given_out": states, "made": made(database, course)}


def remove(database: sqlite3.Connection, course: str, who: str, *, everything: bool) -> dict[str, Any]:
    """Remove what students did in a course; or all of it but its files. May be done again and again.

    :returns: whether the hub still has people enter its grader lab, after a while (`open`).
    :raises DeskAway: ServiceAway: somebody who keeps something does not answer.
    """
    if everything:
        _delete(database, MADE, "name", course)
        if _entered(database, [grader_name(course)]):
            return {"open": True}
    if desk_client.is_there():
        desk_client.remove(course, who, everything=everything)
    if lms_client.is_there():
        lms_client.ask("DELETE", f"/kept/{course}")
    _delete(database, SITTINGS, "course", course)
    return {"open": False}


def close_rooms(database: sqlite3.Connection, course: str, who: str) -> dict[str, Any]:
    """Close all rooms that were made on a course's page. May be done again and again.

    :returns: those that the hub still has people enter, after a while, by the names of their users (`open`).
    """
    with accounts.transaction(database):
        found = service.seen(database, course)
        rooms = found[0].get("rooms", []) if found is not None else []
        if found is not None and any(each["is_open"] for each in rooms):
            closed = {**found[0], "rooms": [{**each, "is_open": False} for each in rooms]}
            service.change(database, course, closed, who, time.time(), seen=found[1])
    return {"open": _entered(database, [room_user(course, each["name"]) for each in rooms])}


def made(database: sqlite3.Connection, course: str) -> dict[str, Any] | None:
    """A course as it was made on a page or by a launch; None where it was not."""
    try:
        return service.one(database, course)
    except sqlite3.OperationalError:  # a hub that was never started with them has no table
        return None


def copy(
    database: sqlite3.Connection, course: str, to: str, who: str, *, days: int, zone: str, look: bool
) -> dict[str, Any]:
    """Make the next term's course of one that was made on a page.

    :param look: it is only shown.
    :returns: what the new one says; None where there is no such course, or one of the new name already (`is_there`).
    """
    with accounts.transaction(database):
        known = made(database, course)
        if known is None or made(database, to) is not None:
            return {"is_there": known is not None, "made": None}
        values = next_term(known, days, ZoneInfo(zone))
        if not look:
            service.add(database, to, values, who, time.time())
    return {"is_there": False, "made": values}


def copy_handouts(course: str, to: str, *, days: int, look: bool) -> dict[str, Any]:
    """Have another course hand out what one's teachers hand out on its page, so many days later; how many those are.

    :param look: it is only counted.
    :raises DeskAway: the desk does not answer.
    """
    if not desk_client.is_there():
        return {"handouts": 0}
    if look:
        there = {each["name"] for each in desk_client.handouts_of(to)}
        return {"handouts": sum(each["name"] not in there for each in desk_client.handouts_of(course))}
    return {"handouts": desk_client.copy_handouts(course, to, days)}


def ends(database: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """When courses end that were made on pages: by name `archive` and `purge` in seconds since 1970, as far as a course
    says them."""
    try:
        known = service.listed(database)
    except sqlite3.OperationalError:
        return {}
    found = {name: {day: one["course"].get(day) for day in TIMES} for name, one in known.items()}
    return {name: {day: at for day, at in days.items() if isinstance(at, int)} for name, days in found.items()}


def _entered(database: sqlite3.Connection, names: list[str]) -> list[str]:
    """Those of some shared labs that the hub still has people enter, after a while."""
    ends = time.monotonic() + CLOSING_SECONDS
    query = "SELECT 1 FROM homeroom_names WHERE name = ? AND mark = ?"
    while left := [name for name in names if database.execute(query, (name, SHARED)).fetchone()]:
        if time.monotonic() > ends:
            break
        time.sleep(LOOK_SECONDS)
    return left


def _count(database: sqlite3.Connection, table: str, column: str, value: str) -> int:
    try:
        found = database.execute(f"SELECT count(*) FROM {table} WHERE {column} = ?", (value,))  # noqa: S608 - ours
        return int(found.fetchone()[0])
    except sqlite3.OperationalError:  # the table is made with the first that it has
        return 0


def _delete(database: sqlite3.Connection, table: str, column: str, value: str) -> None:
    with contextlib.suppress(sqlite3.OperationalError), accounts.transaction(database):
        database.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,))  # noqa: S608 - ours


def main(arguments: list[str]) -> int:
    """Carry out one verb; 1: somebody who keeps something does not answer, which the last line says."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.courses.clerk")
    verbs = ["courses", "kept", "given-out", "close-rooms", "remove", "copy", "copy-handouts", "take-in"]
    parser.add_argument("verb", choices=verbs)
    verb = parser.parse_args(arguments).verb
    asked: dict[str, Any] = json.loads(sys.stdin.read() or "{}")
    try:
        with contextlib.closing(accounts.open_database(DATABASE)) as database:
            if verb == "courses":
                answer = {"ends": ends(database)}
            elif verb == "copy":
                answer = copy(database, **asked)
            elif verb == "copy-handouts":
                answer = copy_handouts(**asked)
            elif verb == "given-out":
                answer = given_out(database, asked["course"])
            elif verb == "take-in":
                answer = desk_client.take_in(asked["course"], asked["token"], asked["who"])
            elif verb == "kept":
                answer = kept(database, asked["course"])
            elif verb == "close-rooms":
                answer = close_rooms(database, asked["course"], asked["who"])
            else:
                answer = remove(database, asked["course"], asked["who"], everything=asked["everything"])
    except (desk_client.DeskAway, lms_client.ServiceAway, lms_client.Refused, sqlite3.OperationalError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
