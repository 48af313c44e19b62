"""nbgrader's gradebook, a SQLite file, read and changed without nbgrader: its assignments stay, its students go.

The file may come from anywhere: nothing in it that would run by itself is taken.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from homeroom.courses.material.unfit import Unfit

FILE = "gradebook.db"
COPIES = ("gradebook-before-upgrade-*.db", ".gradebook-before-upgrade-*.new", f"{FILE}.*")
WORK = ("comment", "grade", "submitted_notebook", "submitted_assignment", "student")
"""The tables of students and of what they did; what refers to another one comes before it."""
NEEDED = frozenset((*WORK, "assignment", "notebook", "base_cell"))


def copies(course: Path) -> list[Path]:
    """The copies of the gradebook that nbgrader and its lab's server made before they changed its schema."""
    return [each for pattern in COPIES for each in course.glob(pattern) if each.is_symlink() or each.is_file()]


def counts(path: Path) -> dict[str, int]:
    """How many assignments and students there are. :raises Unfit: it is no gradebook."""
    with _opened(path, "ro") as database:
        return {
            table: int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - ours
            for table in ("assignment", "student", "submitted_assignment")
        }


def empty(path: Path) -> None:
    """Remove the students and all that they did, at once or not at all. :raises Unfit: it is no gradebook."""
    with _opened(path) as database:
        database.execute("PRAGMA secure_delete = ON")
        with _at_once(database):
            _remove_work(database)
        database.execute("VACUUM")


def copy(source: Path, target: Path, course: str, days: int) -> None:
    """Write one without students, for another course.

    :param target: must not be there.
    :param days: by how many its dates are moved.
    :raises Unfit: it is no gradebook.
    """
    with _opened(source, "ro") as known, contextlib.closing(sqlite3.connect(target)) as made:
        known.backup(made)
    with _opened(target) as database:
        database.execute("PRAGMA secure_delete = ON")
        with _at_once(database):
            _remove_work(database)
            _rename(database, course)
            # as nbgrader's library for databases writes it
            moved = "strftime('%Y-%m-%d %H:%M:%S.000000', duedate, ?)"
            database.execute(
                f"UPDATE assignment SET duedate = {moved} WHERE duedate IS NOT NULL",  # noqa: S608 - ours
                (f"{days:+d} days",),
            )
        database.execute("VACUUM")


def _remove_work(database: sqlite3.Connection) -> None:
    for table in WORK:
        database.execute(f"DELETE FROM {table}")  # noqa: S608 - ours


def _rename(database: sqlite3.Connection, course: str) -> None:
    if database.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'course'").fetchone():
        database.execute("DELETE FROM course")
        database.execute("INSERT INTO course (id) VALUES (?)", (course,))
        database.execute("UPDATE assignment SET course_id = ?", (course,))


@contextlib.contextmanager
def _at_once(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def _opened(path: Path, mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """:raises Unfit: it is no gradebook, or has something in it that runs by itself."""
    if path.is_symlink() or not path.is_file():
        raise Unfit(f"{path.name} is no file.")
    try:
        with contextlib.closing(sqlite3.connect(f"file:{_as_uri(path)}?mode={mode}", uri=True)) as database:
            database.isolation_level = None
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA temp_store = MEMORY")
            rows = database.execute("SELECT type, name FROM sqlite_master").fetchall()
            if any(kind in ("trigger", "view") for kind, _ in rows):
                raise Unfit(f"{path.name} has triggers or views, which no gradebook has.")
            missing = NEEDED - {name for kind, name in rows if kind == "table"}
            if missing:
                raise Unfit(f"{path.name} is no gradebook of nbgrader: it has no table {sorted(missing)[0]}.")
            if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise Unfit(f"{path.name} is damaged.")
            yield database
    except sqlite3.Error as error:
        raise Unfit(f"{path.name} cannot be read as a gradebook: {error}") from None


def _as_uri(path: Path) -> str:
    return path.absolute().as_uri().removeprefix("file://")
