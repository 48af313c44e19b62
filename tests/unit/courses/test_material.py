"""Material of courses that comes from elsewhere: what is taken, under which name, and what is refused as a whole."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest
from homeroom.courses.material import archive, clear, gradebook
from homeroom.courses.material.__main__ import main
from homeroom.courses.material.bring import GROWING, bring
from homeroom.courses.material.unfit import Unfit
from homeroom_lab.validation import flaw

from tests.unit.courses.desk import tar

NOTEBOOK = '{"cells": []}'
TABLES = (
    "CREATE TABLE course (id TEXT PRIMARY KEY)",
    "CREATE TABLE assignment (id TEXT, name TEXT, duedate TEXT, course_id TEXT)",
    "CREATE TABLE notebook (id TEXT, assignment_id TEXT)",
    "CREATE TABLE base_cell (id TEXT)",
    "CREATE TABLE student (id TEXT)",
    "CREATE TABLE submitted_assignment (id TEXT, student_id TEXT)",
    "CREATE TABLE submitted_notebook (id TEXT)",
    "CREATE TABLE grade (id TEXT)",
    "CREATE TABLE comment (id TEXT, comment TEXT)",
    "INSERT INTO course VALUES ('bio-26')",
    "INSERT INTO assignment VALUES ('1', 'week-1', '2026-10-12 21:59:00.000000', 'bio-26')",
    "INSERT INTO student VALUES ('chen')",
    "INSERT INTO submitted_assignment VALUES ('1', 'chen')",
    "INSERT INTO comment VALUES ('1', 'well done, chen')",
)


def laid(folder: Path, *names: str) -> Path:
    """A folder with these files."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NOTEBOOK)
    return folder


def book(path: Path, *more: str) -> Path:
    """A gradebook with one assignment and one student."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    for statement in (*TABLES, *more):
        database.execute(statement)
    database.commit()
    database.close()
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a grader lab, as its course's watch leaves it: a folder for the one assignment that it knows."""
    (tmp_path / "home/course/source/week-1").mkdir(parents=True)
    return tmp_path / "home"


def files(home: Path) -> list[str]:
    """What is in the course, and what is left of what was on its way."""
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("names", "brought"),
    [
        (["source/week-1/a.ipynb", "source/week-1/data/x.csv", "release/week-1/a.ipynb"], ["week-1"]),
        (["grader-x/course_data/source/Problem Set 1 (2026-01-12_101500)/a.ipynb"], ["Problem-Set-1"]),
        (
            ["bio_20260112_101500/source/week-1/a.ipynb", "bio_20260112_101500/source/week-2/b.ipynb"],
            ["week-1", "week-2"],
        ),
        (["week-1/a.ipynb"], ["week-1"]),
        (["a.ipynb", "data/x.csv"], ["sheet-1"]),
        (["week-1/a.ipynb", "week-2/b.ipynb", "notes/readme.txt"], ["week-1", "week-2"]),
    ],
)
def test_a_course_is_found(home: Path, tmp_path: Path, names: list[str], brought: list[str]) -> None:
    """nbgrader's folder, Ananke's trees, several assignments and a single one; copied as a tar or laid there."""
    given = laid(tmp_path / "given", *names)
    done = bring(home, given, "bio-27", own_name="sheet-1" if "a.ipynb" in names else "")
    assert done.new == brought
    assert {path.split("/")[2] for path in files(home)} == set(brought)
    packed = tmp_path / "given.tar"
    packed.write_bytes(tar(*((name, NOTEBOOK.encode()) for name in names)))
    again = bring(home, packed, "bio-27", own_name="sheet-1" if "a.ipynb" in names else "")
    assert (again.new, again.there) == ([], brought), "what is there, the same, is left alone"


def test_nothing_is_brought_over_what_is_there(home: Path, tmp_path: Path) -> None:
    """Where one assignment of several is another here, none of them comes; a run that was killed leaves nothing."""
    laid(home, "course/source/week-2/mine.ipynb", f"{GROWING}old/x")
    given = laid(tmp_path / "given", "source/week-1/a.ipynb", "source/week-2/b.ipynb")
    with pytest.raises(Unfit, match="something else already: week-2"):
        bring(home, given, "bio-27")
    assert files(home) == ["course/source/week-2/mine.ipynb"]
    (home / "course/source/week-2/mine.ipynb").rename(home / "course/source/week-2/b.ipynb")
    assert bring(home, given, "bio-27", look=True).new == ["week-1"]
    assert files(home) == ["course/source/week-2/b.ipynb"], "a look brings nothing"
    assert bring(home, given, "bio-27").new == ["week-1"]


@pytest.mark.parametrize("text", ["", NOTEBOOK[:10], "[1]", '{"cells": [3]}', "[" * 100_000])
def test_a_broken_notebook_is_named(home: Path, tmp_path: Path, text: str) -> None:
    """It comes as it is, to be mended in the grader lab, and is told by its name; so is a look. The lab finds the
    same."""
    given = laid(tmp_path / "given", "source/week-1/a.ipynb", "source/week-1/b.ipynb")
    (given / "source/week-1/b.ipynb").write_text(text)
    assert [bool(flaw(given / f"source/week-1/{name}.ipynb")) for name in ("a", "b")] == [False, True]
    for look in (True, False):
        done = bring(home, given, "bio-27", look=look)
        assert (done.new, done.broken) == (["week-1"], ["week-1/b.ipynb"])
    assert (home / "course/source/week-1/b.ipynb").read_text() == text


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_told_as_one(home: Path, tmp_path: Path, method: int) -> None:
    """However it is packed: in words, and not as a fault of the disk; nothing is there."""
    with zipfile.ZipFile(tmp_path / "given", "w", method) as zipped:
        zipped.writestr("source/week-1/a.ipynb", os.urandom(3000))
    damaged = bytearray((tmp_path / "given").read_bytes())
    damaged[70:90] = bytes(each ^ 0x5A for each in damaged[70:90])
    (tmp_path / "given").write_bytes(damaged)
    with pytest.raises(Unfit, match=r"no whole archive: (?!None)"):
        bring(home, tmp_path / "given", "bio-27")
    assert files(home) == []


def test_a_zip_that_asks_for_all_memory_is_refused(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one of LZMA whose dictionary is said to be 4 GiB."""

    def read(*_: object) -> bytes:
        raise MemoryError

    with zipfile.ZipFile(tmp_path / "given", "w") as zipped:
        zipped.writestr("source/week-1/a.ipynb", NOTEBOOK)
    monkeypatch.setattr(zipfile.ZipExtFile, "read", read)
    with pytest.raises(Unfit, match="more memory"):
        bring(home, tmp_path / "given", "bio-27")
    assert files(home) == []


@pytest.mark.parametrize(
    "kind", ["link", "hard", "device", "up", "root", "odd", "bomb", "zip-link", "zip-up", "cut", "none", "twice"]
)
def test_hostile_archives_are_refused(home: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links, devices, names that lead elsewhere, bombs and damage: the whole archive is refused; nothing is there."""
    monkeypatch.setattr(archive, "MOST_BYTES", 1 << 20)
    packed = tmp_path / "given"
    good = ("source/week-1/a.ipynb", NOTEBOOK.encode())
    info = tarfile.TarInfo("source/week-1/b")
    if kind in ("link", "hard", "device"):
        info.type = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}[kind]
        info.linkname = "/etc/passwd"
        packed.write_bytes(tar(good, info))
    elif kind in ("up", "root", "odd", "twice"):
        names = {"up": "source/../../x.ipynb", "root": "/etc/x", "odd": "source/week-1/\x1b[2J.ipynb", "twice": good[0]}
        packed.write_bytes(tar(good, (names[kind], b"x")))
    elif kind == "bomb":
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as opened:
            info.size = 80 << 20
            opened.addfile(info, io.BytesIO(bytes(info.size)))
        packed.write_bytes(made.getvalue())
    elif kind.startswith("zip"):
        with zipfile.ZipFile(packed, "w") as zipped:
            zipped.writestr(*good)
            entry = zipfile.ZipInfo("../x" if kind == "zip-up" else "source/week-1/b")
            entry.external_attr = 0o120777 << 16 if kind == "zip-link" else 0
            zipped.writestr(entry, "/etc/passwd")
    else:
        packed.write_bytes(tar(good)[:700] if kind == "cut" else b"no archive at all")
    with pytest.raises(Unfit):
        bring(home, packed, "bio-27")
    assert files(home) == []
    assert [path.name for path in home.iterdir()] == ["course"]


def test_links_in_a_folder_are_left_out(home: Path, tmp_path: Path) -> None:
    """A folder that is copied may have links: they lead nowhere, and how many there were is said."""
    given = laid(tmp_path / "given", "source/week-1/a.ipynb")
    (given / "source/week-1/secret").symlink_to("/etc/passwd")
    os.mkfifo(given / "source/week-1/pipe")
    assert bring(home, given, "bio-27").left_out == 2
    assert files(home) == ["course/source/week-1/a.ipynb"]


def test_a_gradebook_comes_without_students(home: Path, tmp_path: Path) -> None:
    """Its assignments come, with their dates moved, for the new course; of students nothing is left, not in its bytes
    either. One that is here already stays."""
    given = laid(tmp_path / "given", "source/week-1/a.ipynb")
    book(given / "gradebook.db")
    assert bring(home, given, "bio-27", days=364).gradebook
    made = home / "course/gradebook.db"
    database = sqlite3.connect(made)
    assert database.execute("SELECT name, duedate, course_id FROM assignment").fetchall() == [
        ("week-1", "2027-10-11 21:59:00.000000", "bio-27")
    ]
    assert database.execute("SELECT id FROM course").fetchall() == [("bio-27",)]
    database.close()
    assert gradebook.counts(made) == {"assignment": 1, "student": 0, "submitted_assignment": 0}
    assert b"chen" not in made.read_bytes()
    assert not bring(home, given, "bio-28").gradebook


@pytest.mark.parametrize("kind", ["trigger", "view", "other", "text", "link"])
def test_a_gradebook_that_is_none_is_refused(home: Path, tmp_path: Path, kind: str) -> None:
    """One with triggers or views, another database, or no database: nothing is brought."""
    given = laid(tmp_path / "given", "source/week-1/a.ipynb")
    more = {
        "trigger": "CREATE TRIGGER t AFTER INSERT ON student BEGIN DELETE FROM grade; END",
        "view": "CREATE VIEW v AS SELECT 1",
        "other": "DROP TABLE grade",
    }
    if kind in more:
        book(given / "gradebook.db", more[kind])
    elif kind == "text":
        (given / "gradebook.db").write_text("no database, but long enough to be read as if it were one" * 10)
    else:
        book(tmp_path / "other.db")
        (given / "gradebook.db").symlink_to(tmp_path / "other.db")
    with pytest.raises(Unfit):
        bring(home, given, "bio-27")
    assert files(home) == []


def test_what_students_did_is_cleared(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hand-ins, what was graded, feedback, what is noted of students and the gradebook's students go; sources, releases
    and assignments stay."""
    names = ("source/week-1/a.ipynb", "release/week-1/a.ipynb")
    work = ("submitted/chen/week-1/a.ipynb", "autograded/chen/week-1/a.ipynb", "feedback/chen/week-1/a.html")
    noted = ".homeroom/names.json"
    laid(home / "course", *names, *work, noted)
    book(home / "course/gradebook.db")
    for name in ("gradebook-before-upgrade-282d30a0218e-2026-11-27T220752.db", "gradebook.db.2026-11-27-220752.1"):
        book(home / "course" / name)
    assert main(["measure", f"--home={home}"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert (measured["assignments"], measured["students"]) == (1, 1)
    assert measured["work_bytes"] == 4 * len(NOTEBOOK)
    clear.clear(home)
    clear.clear(home)
    assert files(home) == sorted(["course/gradebook.db", *(f"course/{name}" for name in names)])
    assert gradebook.counts(home / "course/gradebook.db")["student"] == 0
    assert main(["bring", f"--home={home}", "--given=/nowhere"]) == 1
    assert "nowhere" in json.loads(capsys.readouterr().err)
