"""`homeroom send-grades`: tells the desk what the gradebook of the course says, for the course's page."""

from __future__ import annotations

import json
import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from homeroom_lab.desk import SOCKET, Desk, NotTaken, answer_of
from homeroom_lab.grades import gradebook

COURSE = Path.home() / "course"


def send(course: Path = COURSE, socket_path: str = SOCKET) -> dict[str, Any]:
    """Send what a course's directory says; returns of how many people, and the ids of those whom the course lacks.

    :raises NotTaken: the desk is away, or refuses it.
    """
    body = json.dumps(gradebook.read(course)).encode()
    with closing(Desk(socket_path)) as desk:
        desk.request("POST", "/grades", body, {"Content-Type": "application/json"})
        return answer_of(desk)


def main() -> int:
    """Send, and say what came of it; 1: it was not taken."""
    os.umask(0o077)
    try:
        found = send()
    except NotTaken as error:
        print(error, file=sys.stderr)
        return 1
    people = found["people"]
    print(f"The course's page has the grades of {people} {'person' if people == 1 else 'people'}.")
    if found["unknown"]:
        print(f"Left out, since they do not take the course: {', '.join(found['unknown'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
