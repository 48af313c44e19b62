"""What courses keep of a person: what they handed in, the feedback for it, their grades and how often they checked,
which lie with the hand-in desk; and where courses that were made on pages name them, in the hub's database.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from homeroom.courses import desk_client
from homeroom.courses.made import form
from homeroom.records import parts

MADE = "SELECT name, data, version, by FROM homeroom_courses ORDER BY name"
CHANGE = "UPDATE homeroom_courses SET data = ?, version = ?, by = ? WHERE name = ?"
NOTHING: dict[str, Any] = {"hand_ins": [], "feedback": [], "grades": [], "checks": []}


def of_person(database: sqlite3.Connection, name: str) -> dict[str, Any]:
    """The receipts, with the files' names and digests; where the desk does not answer, that is said in their place. And
    what made courses say of them."""
    found = {row["name"]: form.of_person(json.loads(row["data"]), name) for row in parts.rows(database, MADE)}
    made: dict[str, Any] = {"named_in_courses": {course: said for course, said in found.items() if said}}
    if not desk_client.is_there():
        return {**made, **NOTHING}
    try:
        return {**made, **desk_client.of_person(name)}
    except desk_client.DeskAway as error:
        return {**made, **NOTHING, "fault": f"the hand-in desk does not answer: {error}"}


def forget(database: sqlite3.Connection, name: str) -> None:
    """Remove the hand-ins themselves, the feedback, the grades and the checks, and their name from made courses.

    :raises DeskAway: the desk does not answer: then nothing of this person is forgotten, and it is tried again.
    """
    if desk_client.is_there():
        desk_client.forget(name)
    for row in parts.rows(database, MADE):
        values, by = json.loads(row["data"]), "" if row["by"] == name else row["by"]
        if form.of_person(values, name) or by != row["by"]:
            data = json.dumps(form.without_person(values, name), sort_keys=True)
            version = max(row["version"] + 1, int(time.time() * 1000))
            database.execute(CHANGE, (data, version, by, row["name"]))
