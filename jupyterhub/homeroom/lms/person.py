"""What was sent of a person to learning platforms. It lies with the service that sends, not in the hub's database."""

from __future__ import annotations

import sqlite3
from typing import Any

from homeroom.lms import client


def of_person(_: sqlite3.Connection, name: str) -> dict[str, Any]:
    """The grades that were sent; where the service does not answer, that is said in their place."""
    if not client.is_there():
        return {"sent_grades": []}
    try:
        return {"sent_grades": client.of_person(name)}
    except client.ServiceAway as error:
        return {"sent_grades": [], "fault": f"the service that sends grades does not answer: {error}"}


def forget(_: sqlite3.Connection, name: str) -> None:
    """Remove what is kept of them.

    :raises ServiceAway: the service does not answer: then nothing of this person is forgotten, and it is tried again.
    """
    if client.is_there():
        client.forget(name)
