"""Brings a course's material into the home of its grader lab, beside what is there and never over it."""

from __future__ import annotations

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from homeroom.courses.material import archive, found, gradebook, notebook
from homeroom.courses.material.found import COURSE, HANDOUTS, PASSED_OVER, RELEASE, SOURCE, Found
from homeroom.courses.material.unfit import Unfit

GROWING = ".homeroom-course-"
"""What the names of folders begin with in which something is on its way in or out."""
SHOWN = 5


@dataclass
class Brought:
    """What was done.

    :param new: the assignments that were brought.
    :param there: those that were there before, the same.
    :param left_out: how many links, devices and other odd things of the source were passed over.
    :param handouts: the folders of handouts that were brought.
    :param gradebook: whether its gradebook was taken, too.
    :param broken: the notebooks that are none, as `week-1/a.ipynb`; they are brought as they are.
    """

    new: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    left_out: int = 0
    handouts: list[str] = field(default_factory=list)
    gradebook: bool = False
    broken: list[str] = field(default_factory=list)


def bring(
    home: Path,
    given: Path,
    course: str,
    *,
    days: int = 0,
    own_name: str = "",
    otherwise: str = "",
    look: bool = False,
) -> Brought:
    """Bring what is in a folder or an archive.

    :param given: a folder, or an archive.
    :param days: by how many the gradebook's dates are moved.
    :param own_name: as of `find`.
    :param otherwise: as of `find`.
    :param look: nothing is brought; it is only seen what would be.
    :raises Unfit: it is no material, or something else is there already under a name of it; nothing is brought.
    """
    done = Brought()
    with growing(home) as work:
        top = given
        if given.is_file():
            top = work / "given"
            top.mkdir(mode=0o700)
            archive.take_apart(given, top, work)
        material = found.find(top, own_name, otherwise)
        wanted = work / COURSE
        parts = {SOURCE: material.assignments, RELEASE: material.released, HANDOUTS: material.handouts}
        for kind, folders in parts.items():
            for name, folder in folders.items():
                done.left_out += _copy(folder, wanted / kind / name)
        _choose(home / COURSE, wanted, material, done)
        done.broken = notebook.broken(wanted / SOURCE)
        if material.gradebook is not None and not os.path.lexists(home / COURSE / gradebook.FILE):
            gradebook.copy(material.gradebook, wanted / gradebook.FILE, course, days)
            done.gradebook = True
        if not look:
            _place(home / COURSE, wanted, done)
    return done


def _choose(there: Path, wanted: Path, material: Found, done: Brought) -> None:
    """See what is new. :raises Unfit: something else is there under such a name."""
    other = []
    for name in material.assignments:
        places = [kind for kind in (SOURCE, RELEASE) if (wanted / kind / name).is_dir()]
        states = {_state(there / kind / name, wanted / kind / name) for kind in places}
        if "other" in states:
            other.append(name)
        (done.there if states == {"same"} else done.new).append(name)
    for name in material.handouts:
        state = _state(there / HANDOUTS / name, wanted / HANDOUTS / name)
        if state == "other":
            other.append(f"{HANDOUTS}/{name}")
        elif state == "none":
            done.handouts.append(name)
    if other:
        more = f" and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
        raise Unfit(f"There is something else already: {', '.join(other[:SHOWN])}{more}. Nothing was brought.")


def _state(there: Path, wanted: Path) -> str:
    """`none`, also where there is but an empty folder; `same` or `other`."""
    if there.is_symlink() or (os.path.lexists(there) and not there.is_dir()):
        return "other"
    if not there.exists() or not any(there.iterdir()):
        return "none"
    return "same" if is_same(there, wanted) else "other"


def is_same(one: Path, other: Path) -> bool:
    names = [
        sorted(entry.name for entry in os.scandir(folder) if not _is_passed(entry.name)) for folder in (one, other)
    ]
    if names[0] != names[1]:
        return False
    for name in names[0]:
        first, second = one / name, other / name
        if first.is_symlink() or first.is_dir() != second.is_dir():
            return False
        same = is_same(first, second) if first.is_dir() else filecmp.cmp(first, second, shallow=False)
        if not same:
            return False
    return True


def _place(there: Path, wanted: Path, done: Brought) -> None:
    """Put what is new into its places, one after the other: a run that was cut off is carried on by the next."""
    for kind, names in ((SOURCE, done.new), (RELEASE, done.new), (HANDOUTS, done.handouts)):
        for name in names:
            if (wanted / kind / name).is_dir() and _state(there / kind / name, wanted / kind / name) == "none":
                (there / kind).mkdir(mode=0o755, parents=True, exist_ok=True)
                (wanted / kind / name).rename(there / kind / name)
    if done.gradebook:
        there.mkdir(mode=0o755, exist_ok=True)
        os.link(wanted / gradebook.FILE, there / gradebook.FILE)  # never over one that came meanwhile


def _is_passed(name: str) -> bool:
    return name in PASSED_OVER


def _copy(source: Path, target: Path) -> int:
    """Copy plain files and folders; returns how many other things there were."""
    target.mkdir(mode=0o755, parents=True)
    target.chmod(0o755)
    left_out = 0
    with os.scandir(source) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if _is_passed(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                left_out += _copy(Path(entry.path), target / entry.name)
            elif entry.is_file(follow_symlinks=False):
                shutil.copyfile(entry.path, target / entry.name, follow_symlinks=False)
                (target / entry.name).chmod(0o644)
            else:
                left_out += 1
    return left_out


@contextmanager
def growing(home: Path) -> Iterator[Path]:
    """A folder that is gone afterwards; those of runs that were killed are removed first."""
    remove_leftovers(home)
    made = home / f"{GROWING}{secrets.token_hex(6)}"
    made.mkdir(mode=0o700)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def remove_leftovers(home: Path) -> None:
    """Remove what is left of runs that were killed."""
    for each in home.glob(f"{GROWING}*"):
        if each.is_dir() and not each.is_symlink():
            _open_all(each)
            shutil.rmtree(each)


def _open_all(folder: Path) -> None:
    for path, _, _ in os.walk(folder):
        Path(path).chmod(0o700)
