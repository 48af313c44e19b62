"""`homeroom hand-in ASSIGNMENT`: hands a folder in at the desk of the course, and shows the receipt.

It needs no network, no token and no room in the home: the lab's own socket says who asks, and the folder is sent as it
is read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeroom_lab import desk
from homeroom_lab.desk import LEFT_OUT, NotTaken


def hand_in(
    course: str, assignment: str, folder: Path, socket_path: str = "", left_out: Collection[str] = LEFT_OUT
) -> dict[str, Any]:
    """Hand a folder in, and return the receipt.

    :param left_out: names of files and folders that stay.
    :raises NotTaken: it was not taken; says why.
    """
    files = list(desk.files_of(folder, left_out))
    if not files:
        raise NotTaken(f"There is no file in {folder}.")
    path = f"/hand-ins/{quote(course, safe='')}/{quote(assignment, safe='')}"
    return desk.send("POST", path, folder, files, socket_path)


def course_of(assignment: str, socket_path: str = "") -> str:
    """The one course that has this assignment. :raises NotTaken: there is none, or there are several."""
    courses = desk.ask("/courses", socket_path)["courses"]
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


def main(arguments: list[str] | None = None, socket_path: str = "") -> int:
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
            print("\n".join(map(told, desk.ask("/hand-ins", socket_path)["hand_ins"])) or "Nothing was handed in yet.")
        elif given.verb == "assignments":
            for course in desk.ask("/courses", socket_path)["courses"]:
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
