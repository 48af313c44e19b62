"""What grader labs give out: assignments, and the feedback for hand-ins. It is sealed as hand-ins are.

Each lies on the shelf once as it is out, and once as it waits for a teacher. `now.json` of its place says which of its
folders is which, and is written whole: so students find the one before or the one after, and nothing between.

What lies there and was ever in the course's list, of assignments or exams, is known by a file beside that: out of the
list again it is closed, for it had its time.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import threading
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from homeroom.contract.home_names import directory_name
from homeroom.courses.desk import sealed
from homeroom.courses.desk.receipt import File, notebooks_of
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.unpack import unpack

RELEASED, FEEDBACK = "released", "feedback"
OUT, WAITING = STATES = ("out", "waiting")
NOW, KEPT, FILES, LISTED = "now.json", "kept.json", "files", "listed"
MOST_RELEASED = 300
"""Assignments of a course."""
CLICKS = ("assignment", FEEDBACK, BACK := "back")
"""What a teacher has done with an assignment: it is released, the feedback for it is, or it is taken back."""

log = logging.getLogger("homeroom.desk")


class Key(NamedTuple):
    """What something is: an assignment; or, with a person and the code of their receipt, the feedback for a hand-in."""

    course: str
    assignment: str
    person: str = ""
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One of them, as it lies there.

    :param at: when it came, in seconds since 1970.
    :param folder: where its files are.
    """

    key: Key
    at: float
    files: tuple[File, ...]
    folder: Path

    @property
    def notebooks(self) -> list[str]:
        """The names of the notebooks in it, without their endings."""
        return notebooks_of(self.files)

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"key": list(self.key), "at": self.at, "files": [asdict(each) for each in self.files]}


class Changed(Exception):
    """What lies there is not what somebody was shown."""


def version(items: Iterable[Item]) -> str:
    """What these are known by: others, or with other files, are known by something else."""
    listed = sorted([*item.key, *sorted(f"{each.sha256} {each.path}" for each in item.files)] for item in items)
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()[:32]


class Shelf:
    """Holds what is given out, in the desk's volume.

    :param incoming: a folder for what is on its way in, which the desk empties at its start.
    """

    def __init__(self, root: Path, incoming: Path) -> None:
        self.root = root
        self._incoming = incoming
        self._items: dict[Key, dict[str, Item]] = {}
        self._listed: set[Key] = set()
        self._changes = threading.Lock()

    def open(self) -> None:
        """Read what is there, and remove what no `now.json` names any more."""
        self.read("*")

    def read(self, course: str) -> None:
        """Read what there is of a course; `*`: of all."""
        found_at = (f"{course}/{RELEASED}/*/{NOW}", f"{course}/{FEEDBACK}/*/*/*/{NOW}")
        for now in (path for pattern in found_at for path in self.root.glob(pattern)):
            states: dict[str, str] = json.loads(now.read_text(encoding="utf-8"))
            found = {state: _read(now.parent / folder) for state, folder in states.items()}
            for folder in now.parent.iterdir():
                if folder.is_dir() and folder.name not in states.values():
                    sealed.remove(folder)
            for item in found.values():
                self._items[item.key] = found
                if (now.parent / LISTED).exists():
                    self._listed.add(item.key)

    def item(self, key: Key, state: str = OUT) -> Item | None:
        """The one of a state; None where there is none."""
        return self._items.get(key, {}).get(state)

    def items(self, course: str, state: str = OUT, *, person: str = "") -> list[Item]:
        """The assignments of a course that are in a state; with a person, the feedback for them; the first first."""
        return sorted(self._found(course, state, person), key=lambda each: each.at)

    def all_feedback(self, course: str, state: str = OUT) -> list[Item]:
        """The feedback for everybody in a course."""
        return [
            found[state] for key, found in self._items.items() if key.course == course and key.person and state in found
        ]

    def _found(self, course: str, state: str, person: str) -> Iterator[Item]:
        for key, found in self._items.items():
            if key.course == course and key.person == person and state in found:
                yield found[state]

    def released(self, course: str) -> list[str]:
        """The names of the assignments that are out."""
        return [each.key.assignment for each in self.items(course)]

    def unlisted(self, course: str) -> list[str]:
        """The names of those that are out and were never in the course's list: they are open without end."""
        return [name for name in self.released(course) if not self.was_listed(Key(course, name))]

    def was_listed(self, key: Key) -> bool:
        """Whether the course's list has had an assignment since it lies here."""
        return key in self._listed

    def note_listed(self, course: str, names: Collection[str]) -> None:
        """Keep that the course's list has these: assignments and exams. A full disk keeps nobody from anything."""
        with self._changes:
            for key in self._places(course):
                if key.assignment in names and key not in self._listed:
                    self._listed.add(key)
                    try:
                        (self._place(key) / LISTED).touch(mode=0o440)
                        sealed.to_disk(self._place(key))
                    except OSError as error:
                        log.error("That %s is in the list of %s is not kept: %r", key.assignment, course, error)

    def put(self, key: Key, archive: Path, state: str, at: float, most_bytes: int) -> Item:
        """Lay something there, in place of what was there in this state; once out, nothing waits any more.

        :param archive: a tar.
        :raises Refused: it is not to be kept as it is, or there is too much already.
        """
        if key not in self._items and not key.person and len(self._places(key.course)) >= MOST_RELEASED:
            raise Refused(429, f"{key.course} has {MOST_RELEASED} assignments already. Take one back first.")
        growing = self._incoming / f"{secrets.token_hex(12)}.d"
        growing.mkdir(mode=0o700)
        try:
            (growing / FILES).mkdir(mode=0o700)
            files = unpack(archive, growing / FILES, most_bytes)
            item = Item(key=key, at=at, files=files, folder=self._place(key) / secrets.token_hex(12))
            sealed.write_whole(growing / KEPT, json.dumps(item.as_json(), indent=1))
            item.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            growing.rename(item.folder)
        except BaseException:
            sealed.remove(growing)
            raise
        sealed.close(item.folder)
        with self._changes:
            others = {} if state == OUT else self._items.get(key, {})
            self._say(key, {**others, state: item})
        return item

    def versions(self, course: str) -> dict[str, dict[str, str]]:
        """What each of a teacher's clicks would be done with now, by the click and the assignment's name."""
        names = {key.assignment for key in self._items if key.course == course}
        lying = {click: {name: self._lying(course, name, click) for name in names} for click in CLICKS}
        return {click: {name: version(found) for name, found in all_.items() if found} for click, all_ in lying.items()}

    def click(self, course: str, assignment: str, what: str, shown: str) -> int:
        """Do what a teacher asks for: all of it, or nothing. Returns with how many it was done; 0: it was done before.

        :param what: one of CLICKS.
        :param shown: the version of what it is done with, as the teacher was shown it.
        :raises Changed: it is another one by now.
        """
        with self._changes:
            found = self._lying(course, assignment, what)
            if found and version(found) != shown:
                raise Changed
            for key, item in {each.key: each for each in found}.items():
                self._say(key, {} if what == BACK else {OUT: item})
        return len(found)

    def _lying(self, course: str, assignment: str, what: str) -> list[Item]:
        """What a click is done with."""
        if what == FEEDBACK:
            return [each for each in self.all_feedback(course, WAITING) if each.key.assignment == assignment]
        found = self._items.get(Key(course, assignment), {})
        return [found[state] for state in (STATES if what == BACK else (WAITING,)) if state in found]

    def take_back(self, key: Key, state: str) -> bool:
        """Remove one; whether there was one."""
        with self._changes:
            found = self._items.get(key, {})
            if state in found:
                self._say(key, {each: item for each, item in found.items() if each != state})
        return state in found

    def forget(self, person: str) -> None:
        """Remove the feedback for somebody."""
        with self._changes:
            for key in [key for key in self._items if key.person == person]:
                self._say(key, {})
        for own in self.root.glob(f"*/{FEEDBACK}/*/{directory_name(person)}"):
            sealed.remove(own)

    def drop(self, course: str, *, everything: bool) -> None:
        """Know of no feedback in a course any more, or of nothing at all; the caller removes it."""
        with self._changes:
            for key in [key for key in self._items if key.course == course and (key.person or everything)]:
                del self._items[key]
                self._listed.discard(key)

    def of_person(self, person: str) -> list[Item]:
        """The feedback that is out for somebody, in all courses."""
        return [found[OUT] for key, found in self._items.items() if key.person == person and OUT in found]

    def _places(self, course: str) -> list[Key]:
        return [key for key in self._items if key.course == course and not key.person]

    def _place(self, key: Key) -> Path:
        if not key.person:
            return self.root / key.course / RELEASED / key.assignment
        return self.root / key.course / FEEDBACK / key.assignment / directory_name(key.person) / key.code

    def _say(self, key: Key, states: dict[str, Item]) -> None:
        """Have a place be in these states, and remove what is in none."""
        place, before = self._place(key), self._items.get(key, {})
        growing = place / f".{NOW}"
        growing.unlink(missing_ok=True)
        sealed.write_whole(growing, json.dumps({state: item.folder.name for state, item in states.items()}))
        os.replace(growing, place / NOW)
        sealed.to_disk(place)
        if states:
            self._items[key] = states
        else:
            self._items.pop(key, None)
            self._listed.discard(key)
        for item in before.values():
            if item not in states.values():
                sealed.remove(item.folder)
        if not states:
            sealed.remove(place)


def _read(folder: Path) -> Item:
    values = json.loads((folder / KEPT).read_text(encoding="utf-8"))
    files = tuple(File(**each) for each in values["files"])
    return Item(key=Key(*values["key"]), at=values["at"], files=files, folder=folder)
