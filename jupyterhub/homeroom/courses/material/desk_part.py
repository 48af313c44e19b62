"""What a desk kept of a course, out of an archive of `make course-export`: looked over and laid ready in the desk's
volume, from where the desk takes it in at once.

Each hand-in has to be as its receipt says, each release as it was kept: what was damaged or changed on its way is not
taken.
"""

from __future__ import annotations

import filecmp
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from homeroom.contract.handouts import NAME
from homeroom.contract.home_names import directory_name
from homeroom.courses.course import ASSIGNMENT_NAME
from homeroom.courses.desk import grades, handouts, sealed, shelf
from homeroom.courses.desk.handouts import HANDOUTS
from homeroom.courses.desk.kept import CAME, READY, TOKEN
from homeroom.courses.desk.receipt import File, Receipt
from homeroom.courses.desk.shelf import FEEDBACK, KEPT, LISTED, NOW, RELEASED, STATES
from homeroom.courses.desk.store import FILES, HAND_INS, INCOMING, RECEIPT
from homeroom.courses.desk.unpack import shown
from homeroom.courses.material import archive
from homeroom.courses.material.about import ABOUT, ROSTERS, WRITTEN
from homeroom.courses.material.found import COURSE
from homeroom.courses.material.unfit import Unfit

OTHERS = (ABOUT, WRITTEN, ROSTERS, COURSE)
ON_ITS_WAY = re.compile(rf"\.{re.escape(NOW)}|\.{re.escape(grades.FILE)}\.[0-9a-f]+")
"""What a desk that was killed has left beside what it keeps."""
LARGEST_BYTES = 32 << 20
"""Of a file that says what is kept."""
Files = Mapping[str, File]


def lay_ready(given: Path, store: Path, course: str, token: str, *, look: bool = False) -> dict[str, Any]:
    """Lay it ready.

    :param store: the desk's volume.
    :param token: the name of the folder for it.
    :param look: nothing stays.
    :returns: how much it is; and `state`: `none` where the desk keeps nothing of the course, `same` where it keeps all
        of it already (nothing is laid ready then), `other` where it keeps something else.
    :raises Unfit: it is not what a desk kept of this course.
    """
    if not re.fullmatch(TOKEN, token):
        raise Unfit("that is no token")
    (store / INCOMING).mkdir(mode=0o700, exist_ok=True)
    for left in (store / INCOMING).glob(f"*{READY}"):  # of a run that was killed: one at a time brings something
        sealed.remove(left)
    ready = store / INCOMING / f"{token}{READY}"
    ready.mkdir(mode=0o700)
    stays = False
    try:
        files = {each.path: each for each in archive.take_part(given, ready, ready, OTHERS)}
        came = ready / CAME
        came.mkdir(mode=0o700, exist_ok=True)
        counts = _check(came, course, {path.removeprefix(f"{CAME}/"): each for path, each in files.items()})
        state = _state(store / course, came)
        if state == "none":
            _close(came)
            stays = not look
        return {**counts, "state": state}
    finally:
        if not stays:
            sealed.remove(ready)


def _check(came: Path, course: str, files: Files) -> dict[str, int]:
    """See that all of it is as a desk keeps it; how much it is. :raises Unfit: it is not."""
    hand_ins, kept = dict[tuple[str, ...], dict[str, File]](), dict[tuple[str, ...], dict[str, File]]()
    handed_out = dict[tuple[str, ...], dict[str, File]]()
    counts = {"hand_ins": 0, "people": 0, "released": 0, "feedback": 0, "handouts": 0}
    places = set[tuple[str, ...]]()
    for path, file in files.items():
        match tuple(path.split("/")):
            case (*_, name) if ON_ITS_WAY.fullmatch(name):
                (came / path).unlink()
            case (grades.FILE,):
                _read_grades(came / path)
            case (top, assignment, own, place, *rest) if top == HAND_INS and rest:
                hand_ins.setdefault((top, assignment, own, place), {})["/".join(rest)] = file
            case (top, assignment, name) if top == RELEASED and name == NOW:
                places.add((top, assignment))
            case (top, _, name) if top == RELEASED and name == LISTED and not file.size_bytes:
                pass
            case (top, assignment, own, code, name) if top == FEEDBACK and name == NOW:
                places.add((top, assignment, own, code))
            case (top, name, said) if top == HANDOUTS and said == handouts.NOW:
                handed_out.setdefault((top, name), {})
            case (top, name, *rest) if top == HANDOUTS and rest:
                handed_out.setdefault((top, name), {})["/".join(rest)] = file
            case (top, assignment, folder, *rest) if top == RELEASED and rest:
                kept.setdefault((top, assignment, folder), {})["/".join(rest)] = file
            case (top, assignment, own, code, folder, *rest) if top == FEEDBACK and rest:
                kept.setdefault((top, assignment, own, code, folder), {})["/".join(rest)] = file
            case _:
                raise Unfit(f"{shown(path)} is nothing that a desk keeps.")
    receipts = [_receipt(came, course, where, own) for where, own in hand_ins.items()]
    if len({each.code for each in receipts}) != len(receipts):
        raise Unfit("Two hand-ins in it have one receipt.")
    for where, there in kept.items():
        _kept(came, course, where, there)
    for where, there in handed_out.items():
        _handout(came, course, where, there)
    counts["handouts"] = len(handed_out)
    for where in places:
        counts["released" if where[0] == RELEASED else "feedback"] += _states(came.joinpath(*where), where, kept.keys())
    return {**counts, "hand_ins": len(receipts), "people": len({each.person for each in receipts})}


def _receipt(came: Path, course: str, where: tuple[str, ...], own: Files) -> Receipt:
    """The receipt of a hand-in. :raises Unfit: what lies there is something else than it says."""
    receipt, said = None, "/".join(where)
    if RECEIPT in own:
        try:
            receipt = Receipt.from_json(_json(came.joinpath(*where, RECEIPT)))
            name = f"{int(receipt.at)}-{receipt.code}"
            is_right = (course, *where[1:]) == (
                receipt.course,
                receipt.assignment,
                directory_name(receipt.person),
                name,
            )
        except (TypeError, KeyError, ValueError, AttributeError):
            is_right = False
        if not is_right or not re.fullmatch(ASSIGNMENT_NAME, where[1]):
            receipt = None
    if receipt is None:
        raise Unfit(f"The receipt of {shown(said)} is not there, or of something else.")
    _require_files(said, receipt.files, {path: file for path, file in own.items() if path != RECEIPT})
    return receipt


def _kept(came: Path, course: str, where: tuple[str, ...], own: Files) -> None:
    """See that what was given out lies there as it was kept. :raises Unfit: it does not."""
    said = "/".join(where)
    try:
        values = _json(came.joinpath(*where, KEPT))
        key = shelf.Key(*values["key"])
        listed = tuple(File(**each) for each in values["files"])
        float(values["at"])
        expected = (course, where[1], "", "") if where[0] == RELEASED else (course, where[1], key.person, where[3])
        is_right = tuple(key) == expected and (where[0] == RELEASED or directory_name(key.person) == where[2])
    except (TypeError, KeyError, ValueError, AttributeError, OSError):
        is_right, listed = False, ()
    if not is_right or not re.fullmatch(ASSIGNMENT_NAME, where[1]):
        raise Unfit(f"What is said of {shown(said)} is not there, or of something else.")
    _require_files(said, listed, {path: file for path, file in own.items() if path != KEPT})


def _handout(came: Path, course: str, where: tuple[str, ...], own: Files) -> None:
    """See that what teachers hand out lies there as it was kept. :raises Unfit: it does not."""
    said = "/".join(where)
    try:
        one = handouts.Handout.from_json(_json(came.joinpath(*where, handouts.NOW)))
        listed = tuple(File(**each) for each in _json(came.joinpath(*where, one.folder, handouts.LIST)))
        is_right = (
            (one.course, one.name) == (course, where[1])
            and re.fullmatch(NAME, one.name)
            and re.fullmatch(handouts.FOLDER, one.folder)
            and isinstance(one.visible_at, int | None)
            and isinstance(one.source, dict)
            and isinstance(one.to, str)
            and float(one.at) >= 0
            and (one.revision, one.files) == (handouts.revision_of(listed), len(listed))
        )
    except (TypeError, KeyError, ValueError, AttributeError, OSError):
        is_right, listed, one = False, (), None
    if not is_right or one is None:
        raise Unfit(f"What is said of {shown(said)} is not there, or of something else.")
    inner = {path.removeprefix(f"{one.folder}/"): file for path, file in own.items()}
    inner.pop(handouts.LIST, None)
    _require_files(said, listed, inner)


def _require_files(said: str, listed: tuple[File, ...], own: Files) -> None:
    """:raises Unfit: other files lie there than are listed, or others than they were."""
    there = {path.removeprefix(f"{FILES}/"): (each.size_bytes, each.sha256) for path, each in own.items()}
    if there != {each.path: (each.size_bytes, each.sha256) for each in listed}:
        raise Unfit(f"{shown(said)} is not as it was kept: files were changed, added or lost.")


def _states(place: Path, where: tuple[str, ...], kept: Any) -> int:
    """How many forms of something are out or wait. :raises Unfit: it is not said, or there are none such."""
    try:
        states = _json(place / NOW)
        is_right = set(states) <= set(STATES) and all((*where, folder) in kept for folder in states.values())
    except (TypeError, ValueError, AttributeError):
        is_right, states = False, {}
    if not is_right:
        raise Unfit(f"What is out of {shown('/'.join(where))} is not said.")
    return len(states)


def _read_grades(path: Path) -> None:
    """See that it is the grades of a course. :raises Unfit: it is not."""
    try:
        values = _json(path)
        float(values["at"])
        for each in values["assignments"]:
            float(each["maximum"])
            for score in each["scores"].values():
                grades.Score(**score)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise Unfit(f"{grades.FILE} has no grades of ours.") from None


def _json(path: Path) -> Any:
    """:raises ValueError: it is none, or too large."""
    if path.stat().st_size > LARGEST_BYTES:
        raise ValueError("too large")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except RecursionError as error:
        raise ValueError("too deep") from error


def _state(there: Path, came: Path) -> str:
    if not any(path.is_file() for path in there.rglob("*")):
        return "none"
    files = [path.relative_to(came) for path in came.rglob("*") if path.is_file()]
    same = all((there / path).is_file() and filecmp.cmp(there / path, came / path, shallow=False) for path in files)
    return "same" if same else "other"


def _close(came: Path) -> None:
    """Seal hand-ins and what is given out; the folders above take more."""
    for pattern in (f"{HAND_INS}/*/*/*", f"{RELEASED}/*/*/", f"{HANDOUTS}/*/*/", f"{FEEDBACK}/*/*/*/*/"):
        for each in came.glob(pattern):
            if each.is_dir():
                sealed.close(each)
