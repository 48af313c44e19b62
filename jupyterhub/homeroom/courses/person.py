"""What courses keep of a person: what they handed in, the feedback for it, and their grades.

It lies with the hand-in desk, not in the hub's database.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from homeroom.courses import desk_client


def of_person(_: sqlite3.Connection, name: str) -> dict[str, Any]:
    """The receipts, with the files' names and digests; where the desk does not answer, that is said in their place."""
    if not desk_client.is_there():
        return {"hand_ins": [], "feedback": [], "grades": []}
    try:
        return desk_client.of_person(name)
    except desk_client.DeskAway as error:
        return {"hand_ins": [], "feedback": [], "grades": [], "fault": f"the hand-in desk does not answer: {error}"}


def forget(_: sqlite3.Connection, name: str) -> None:
    """Remove the hand-ins themselves, the feedback and the grades.

    :raises DeskAway: the desk does not answer: then nothing of this person is forgotten, and it is tried again.
    """
    if desk_client.is_there():
        desk_client.forget(name)
