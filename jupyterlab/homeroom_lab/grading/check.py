"""`homeroom check ASSIGNMENT`: runs one's own work as it will be when it is graded, with the tests that are in it, and
says which cells fail. It is not handed in by that."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from homeroom_lab import hand_in
from homeroom_lab.desk import NotTaken
from homeroom_lab.grading import desk_runs, outputs

CELL_SECONDS = 30
TIMEOUT = "CellTimeoutError"


def check(course: str, assignment: str, folder: Path) -> list[str]:
    """What is wrong with the notebooks of a folder, a line each; nothing: all of their cells ran.

    :raises NotTaken: it was not run; says why.
    """
    names = sorted(path.name for path in folder.glob("*.ipynb") if path.is_file() and not path.is_symlink())
    if not names:
        raise NotTaken(f"There is no notebook in {folder}.")
    order = {"notebooks": names, "timeout_seconds": CELL_SECONDS, "execution": "validate"}
    try:
        ran = desk_runs.run(order, folder, f"/checks/{quote(course, safe='')}/{quote(assignment, safe='')}")
    except desk_runs.NotRun as error:
        raise NotTaken(str(error)) from None
    return [line for name in names for line in faults(name, ran[name])]


def faults(name: str, ran: dict[str, Any]) -> list[str]:
    """What is wrong with one notebook."""
    found = []
    for place, cell in sorted((ran.get("cells") or {}).items(), key=lambda one: int(one[0])):
        errors = [each for each in cell["outputs"] if each["output_type"] == "error"]
        where = f"{name}: cell {int(place) + 1}"
        if any(each["ename"] == TIMEOUT for each in errors):  # beside what the interrupt itself wrote
            found.append(f"{where}: It took longer than {CELL_SECONDS} seconds, and was interrupted.")
        elif errors:
            said = str(errors[0]["evalue"]).partition("\n")[0]
            found.append(f"{where}: {errors[0]['ename']}: {said}".rstrip(": "))
    trouble = ran.get("trouble")
    if trouble:
        found.append(f"{name}: {outputs.REASONS.get(trouble.get('why'), outputs.REASONS['fault'])}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Do it; 1: something is wrong, or it was not run."""
    parser = argparse.ArgumentParser(prog="homeroom check", description="Run your work as it will be graded.")
    parser.add_argument("assignment", help="its name, as on the course's page")
    parser.add_argument("folder", nargs="?", type=Path, help="left out: the folder of that name here")
    parser.add_argument("--course", default="", help="where several courses have such an assignment")
    given = parser.parse_args(arguments)
    folder = given.folder or Path(given.assignment)
    try:
        if not folder.is_dir():
            raise NotTaken(f"There is no folder {folder} here. Say which: homeroom check {given.assignment} FOLDER")
        found = check(given.course or hand_in.course_of(given.assignment), given.assignment, folder)
    except NotTaken as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(found) or "All cells ran without an error. This hands nothing in.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
