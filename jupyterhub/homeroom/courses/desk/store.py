"""Where hand-ins lie: `<course>/hand-ins/<assignment>/<person>/<time>-<code>/`, sealed, with their receipts.

A person's folder has the name that their home has: no two people have the same, and none leads elsewhere.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from homeroom.contract.home_names import directory_name
from homeroom.courses.course import Assignment, Course
from homeroom.courses.desk import sealed
from homeroom.courses.desk.receipt import Noted, Receipt, new_code
from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.unpack import unpack

HAND_INS = "hand-ins"
INCOMING = ".incoming"
RECEIPT = "receipt.json"
FILES = "files"
LARGEST_BYTES = 100 << 20
"""Of what comes, and of what is kept of it."""
MOST_HAND_INS = 50
"""Of one person for one assignment; all are kept."""
MOST_BYTES = 500 << 20
"""Of one person for one assignment, after which no more is taken: nobody fills the disk of all."""


class Store:
    """The desk's volume, which nobody else writes into. What receipts say is held in memory, too, but for
    their files: pages ask for it often."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._receipts: dict[str, Noted] = {}
        self._ends: dict[tuple[str, str, str], Lock] = {}

    def open(self) -> None:
        """Read the receipts that are there, and remove what came in half before the desk ended. Nothing is made where
        that is there already: the desk opens on a full disk, too."""
        incoming = self.root / INCOMING
        incoming.mkdir(mode=0o700, exist_ok=True)
        for left in incoming.iterdir():
            sealed.remove(left) if left.is_dir() else left.unlink()
        self.read("*")

    def read(self, course: str) -> None:
        """Read the receipts of a course; `*`: of all."""
        for path in self.root.glob(f"{course}/{HAND_INS}/*/*/*/{RECEIPT}"):
            receipt = _read(path).noted
            self._receipts[receipt.code] = receipt

    def receipts(self, *, course: str = "", assignment: str = "", person: str = "") -> list[Noted]:
        """Those that there are, the first first; of a course, an assignment or a person where one is named."""
        found = [
            each
            for each in self._receipts.values()
            if course in ("", each.course) and assignment in ("", each.assignment) and person in ("", each.person)
        ]
        return sorted(found, key=lambda each: each.at)

    def require_room(self, course: Course, assignment: Assignment, person: str) -> None:
        """:raises Refused: this person has handed this in often enough."""
        own = self.receipts(course=course.name, assignment=assignment.name, person=person)
        if len(own) >= MOST_HAND_INS or sum(each.size_bytes for each in own) >= MOST_BYTES:
            most = f"{MOST_HAND_INS} times, or {MOST_BYTES >> 20} MiB in all"
            raise Refused(429, f"{assignment.name} was handed in as often as it may be ({most}). Ask your teacher.")

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """A file for what comes, which is gone afterwards."""
        path = self.root / INCOMING / secrets.token_hex(12)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def seal(self, archive: Path, course: Course, assignment: Assignment, person: str, at: float) -> Noted:
        """Keep what came, and say so once it is on the disk.

        :param at: when the last of it had come.
        :raises Refused: it is not to be kept as it is.
        """
        late_seconds = _late_seconds(assignment, person, at)
        late = bool(late_seconds) and assignment.late == "mark"
        where = (course.name, assignment.name, person)
        return self._keep(archive, where, at, late=late, late_seconds=late_seconds)

    def seal_at_end(self, archive: Path, where: tuple[str, str, str], at: float, *, ends_at: int) -> Noted:
        """Keep what lay in the home of an exam at its end; it is never late, and kept once. Who sent it may have been
        killed before it heard of that, and send it again.

        :param where: course, exam and person.
        :raises Refused: it is not to be kept as it is.
        """
        with self._ends.setdefault(where, Lock()):
            course, exam, person = where
            own = self.receipts(course=course, assignment=exam, person=person)
            earlier = next((each for each in own if each.at_end and each.at >= ends_at), None)
            return earlier or self._keep(archive, where, at, at_end=True)

    def _keep(
        self,
        archive: Path,
        where: tuple[str, str, str],
        at: float,
        *,
        late: bool = False,
        late_seconds: int = 0,
        at_end: bool = False,
    ) -> Noted:
        course, assignment, person = where
        growing = self.root / INCOMING / f"{secrets.token_hex(12)}.d"
        growing.mkdir(mode=0o700)
        try:
            (growing / FILES).mkdir(mode=0o700)
            files = unpack(archive, growing / FILES, LARGEST_BYTES)
            receipt = Receipt(
                code=self._free_code(),
                course=course,
                assignment=assignment,
                person=person,
                at=at,
                late=late,
                late_seconds=late_seconds,
                files=files,
                at_end=at_end,
            )
            sealed.write_whole(growing / RECEIPT, json.dumps(receipt.as_json(), indent=1))
            own = self._own(course, assignment, person)
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = own / f"{int(at)}-{receipt.code}"
            growing.rename(place)
        except BaseException:
            sealed.remove(growing)
            raise
        sealed.close(place)
        sealed.to_disk(own)
        noted = self._receipts[receipt.code] = receipt.noted
        return noted

    def receipt(self, code: str) -> Noted | None:
        """The receipt of a code; None: there is none."""
        return self._receipts.get(code)

    def files(self, receipt: Noted) -> Path:
        """The folder of what was handed in."""
        return self._place(receipt) / FILES

    def whole(self, receipt: Noted) -> Receipt:
        """A receipt with its files, as it lies there. :raises OSError: it is removed meanwhile."""
        return _read(self._place(receipt) / RECEIPT)

    def _place(self, receipt: Noted) -> Path:
        own = self._own(receipt.course, receipt.assignment, receipt.person)
        return own / f"{int(receipt.at)}-{receipt.code}"

    def _own(self, course: str, assignment: str, person: str) -> Path:
        return self.root / course / HAND_INS / assignment / directory_name(person)

    def _free_code(self) -> str:
        return next(code for code in iter(new_code, "") if code not in self._receipts)

    def drop(self, course: str) -> None:
        """Know of nothing that was handed in in a course any more; the caller removes it."""
        for code in [code for code, each in self._receipts.items() if each.course == course]:
            del self._receipts[code]

    def forget(self, person: str) -> int:
        """Remove everything that somebody handed in; returns how many hand-ins it was."""
        gone = [code for code, each in self._receipts.items() if each.person == person]
        for own in self.root.glob(f"*/{HAND_INS}/*/{directory_name(person)}"):
            sealed.remove(own)
        for code in gone:
            del self._receipts[code]
        return len(gone)


def _read(path: Path) -> Receipt:
    return Receipt.from_json(json.loads(path.read_text(encoding="utf-8")))


def _late_seconds(assignment: Assignment, person: str, at: float) -> int:
    due = assignment.times_of(person).due
    return 0 if due is None or at <= due else max(1, int(at - due))
