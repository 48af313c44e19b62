"""`homeroom hand-in ASSIGNMENT`: hands a folder in at the desk of the course, and shows the receipt.

It needs no network, no token and no room in the home: the lab's own socket says who asks, and the folder is sent as it
is read.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

SOCKET = "/run/lab/desk.sock"
WAIT_SECONDS = 15.0
"""For how long a lab that has just started waits for the desk to open for it."""
TIMEOUT_SECONDS = 180.0
LEFT_OUT = frozenset({".ipynb_checkpoints", "__pycache__", ".git", ".nbgrader.log"})


class NotTaken(Exception):
    """Nothing was handed in; says why."""


class Desk(http.client.HTTPConnection):
    """A connection to the desk."""

    def __init__(self, path: str) -> None:
        super().__init__("desk", timeout=TIMEOUT_SECONDS)
        self.path = path

    def connect(self) -> None:
        """Connect to this lab's socket. :raises NotTaken: there is none."""
        ends = time.monotonic() + WAIT_SECONDS
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(TIMEOUT_SECONDS)
            try:
                self.sock.connect(self.path)
            except OSError:
                self.sock.close()
                if time.monotonic() > ends:
                    raise NotTaken("There is no hand-in desk for this lab: you take no course here.") from None
                time.sleep(0.2)
            else:
                return


class _Chunks:
    """Sends what is written to it as the pieces of a request's body."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def write(self, data: bytes) -> int:
        """Send a piece."""
        if data:
            self._desk.send(b"%x\r\n%b\r\n" % (len(data), data))
        return len(data)


def ask(path: str, socket_path: str = SOCKET) -> dict[str, Any]:
    """What the desk answers to a question. :raises NotTaken: it refuses, or is away."""
    with closing(Desk(socket_path)) as desk:
        desk.request("GET", path)
        return answer_of(desk)


def hand_in(course: str, assignment: str, folder: Path, socket_path: str = SOCKET) -> dict[str, Any]:
    """Hand a folder in, and return the receipt.

    :raises NotTaken: it was not taken; says why.
    """
    files = list(files_of(folder))
    if not files:
        raise NotTaken(f"There is no file in {folder}.")
    with closing(Desk(socket_path)) as desk:
        try:
            desk.putrequest("POST", f"/hand-ins/{quote(course, safe='')}/{quote(assignment, safe='')}")
            desk.putheader("Content-Type", "application/x-tar")
            desk.putheader("Transfer-Encoding", "chunked")
            desk.endheaders()
            with tarfile.open(fileobj=_Chunks(desk), mode="w|") as archive:  # type: ignore[call-overload]
                for path in files:
                    archive.add(path, str(path.relative_to(folder)), recursive=False)
            desk.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the desk has said no already: its answer is there to be read
        return answer_of(desk)


def answer_of(desk: Desk) -> dict[str, Any]:
    """What the desk has answered. :raises NotTaken: it refuses, or is away."""
    try:
        answer = desk.getresponse()
        values = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        raise NotTaken("The hand-in desk does not answer. Nothing was handed in; please try again.") from None
    if answer.status >= 300:
        raise NotTaken(str(values.get("error", answer.status)))
    found: dict[str, Any] = values
    return found


def files_of(folder: Path) -> Iterator[Path]:
    """The files below a folder. :raises NotTaken: one is a link or something else that the desk does not take."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - LEFT_OUT)
        for name in sorted({*files, *folders} - LEFT_OUT):
            path = Path(place, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise NotTaken(f"{path} is a link or no plain file. Put the file itself there.")
            if path.is_file():
                yield path


def course_of(assignment: str, socket_path: str = SOCKET) -> str:
    """The one course that has this assignment. :raises NotTaken: there is none, or there are several."""
    courses = ask("/courses", socket_path)["courses"]
    found = [each["name"] for each in courses if assignment in [one["name"] for one in each["assignments"]]]
    if len(found) == 1:
        return str(found[0])
    if found:
        raise NotTaken(f"{assignment} is in {' and '.join(found)}: say which, with --course {found[0]}.")
    known = [f"{one['name']} ({each['name']})" for each in courses for one in each["assignments"]]
    raise NotTaken(f"There is no assignment {assignment}. There are: {', '.join(known) or 'none'}.")


def told(receipt: dict[str, Any]) -> str:
    """A receipt in a line."""
    late = "  late" if receipt["late"] else ""
    files = f"{receipt['files']} file{'' if receipt['files'] == 1 else 's'}"
    return f"{receipt['code']}  {receipt['time']}  {receipt['course']}/{receipt['assignment']}  {files}{late}"


def main(arguments: list[str] | None = None, socket_path: str = SOCKET) -> int:
    """Do what is asked for; 1: it was not taken."""
    parser = argparse.ArgumentParser(prog="homeroom", description="Hand in what a course asks for.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    hands_in = verbs.add_parser("hand-in", help="hand a folder in")
    hands_in.add_argument("assignment", help="its name, as on the course's page")
    hands_in.add_argument("folder", nargs="?", type=Path, help="left out: the folder of that name here")
    hands_in.add_argument("--course", default="", help="where several courses have such an assignment")
    verbs.add_parser("hand-ins", help="show your receipts")
    verbs.add_parser("assignments", help="show what there is to hand in")
    given = parser.parse_args(arguments)
    try:
        if given.verb == "hand-ins":
            print("\n".join(map(told, ask("/hand-ins", socket_path)["hand_ins"])) or "Nothing was handed in yet.")
        elif given.verb == "assignments":
            for course in ask("/courses", socket_path)["courses"]:
                print("\n".join(f"{course['name']}/{one['name']}: {one['state']}" for one in course["assignments"]))
        else:
            folder = given.folder or Path(given.assignment)
            if not folder.is_dir():
                raise NotTaken(
                    f"There is no folder {folder} here. Say which: homeroom hand-in {given.assignment} FOLDER"
                )
            course = given.course or course_of(given.assignment, socket_path)
            print(f"Handed in. Receipt: {told(hand_in(course, given.assignment, folder, socket_path))}")
    except NotTaken as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
