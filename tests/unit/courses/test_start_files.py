"""What an exam begins with, where the operator has no folder for it: released in the grader lab, by the desk."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from homeroom_lab import start_files
from homeroom_lab.start_files import StartFiles

from tests.unit.courses.desk import HOUR, Desk, tar, told, wait
from tests.unit.courses.test_exam_desk import exam, in_exam

TASK = ("task.ipynb", b'{"cells": []}')


def release(desk: Desk, *files: tuple[str, bytes], name: str = "final") -> None:
    """Release it in the grader lab."""
    status, said = desk.asked("lab-5", "PUT", f"/released/{name}?force", tar(*files))
    assert status == 201, said


def files(home: Path) -> dict[str, str]:
    """What lies in a home, but for what is hidden."""
    found = (path for path in home.rglob("*") if path.is_file() and ".local" not in path.parts)
    return {str(path.relative_to(home)): path.read_text() for path in found}


def lab(desk: Desk, home: Path) -> StartFiles:
    """What fetches them in the exam's lab."""
    return StartFiles("final", home, desk.socket("lab-2"))


def test_an_exam_begins_with_what_is_released_by_its_name(desk: Desk, tmp_path: Path) -> None:
    """Also before it begins, for the lab that waits for that; another assignment that is released is not there. Where
    the operator has a folder for it, that is what it begins with."""
    home = tmp_path / "home"
    release(desk, ("secret", b"of week 1"), name="week-1")
    in_exam(desk, opens=int(time.time()) + HOUR)
    assert not lab(desk, home).fetch()
    release(desk, TASK, ("data/a.csv", b"1"), ("nbgrader_config.py", b"raise SystemExit"))
    in_exam(desk, opens=int(time.time()) + HOUR, start_files="final")
    assert not lab(desk, home).fetch()
    in_exam(desk, opens=int(time.time()) + HOUR)
    assert lab(desk, home).fetch()
    assert files(home) == {"final/task.ipynb": '{"cells": []}', "final/data/a.csv": "1"}


def test_what_is_mended_before_the_beginning_is_what_all_begin_with(desk: Desk, tmp_path: Path) -> None:
    """Also labs that have the earlier one: of that nothing is left. From the beginning on each keeps what it has, and
    one that comes late begins with what is released then."""
    early, late = tmp_path / "early", tmp_path / "late"
    in_exam(desk, opens=int(time.time()) + HOUR)
    release(desk, ("task.txt", b"wrong"), ("data/old.csv", b"1"))
    assert lab(desk, early).fetch()
    assert lab(desk, early).fetch(), "nothing newer is no fault"
    release(desk, ("task.txt", b"right"), ("data/new.csv", b"2"))
    assert lab(desk, early).fetch()
    assert files(early) == {"final/task.txt": "right", "final/data/new.csv": "2"}
    in_exam(desk)
    release(desk, ("task.txt", b"even better"))
    assert [lab(desk, home).fetch() for home in (early, late)] == [True, True]
    assert files(early) == {"final/task.txt": "right", "final/data/new.csv": "2"}
    assert files(late) == {"final/task.txt": "even better"}


def test_they_come_once_and_never_over_a_file(desk: Desk, tmp_path: Path) -> None:
    """What somebody has written stays, what they deleted stays away, and so does what is released later; a link of
    theirs leads nowhere else."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "final").mkdir(parents=True)
    elsewhere.mkdir()
    (home / "final/task.ipynb").write_text("mine")
    (home / "final/data").symlink_to(elsewhere)
    in_exam(desk)
    release(desk, TASK, ("data/a.csv", b"1"), ("b.txt", b"2"))
    assert lab(desk, home).fetch()
    assert files(home) == {"final/task.ipynb": "mine", "final/b.txt": "2"}
    assert list(elsewhere.iterdir()) == []
    (home / "final/b.txt").unlink()
    release(desk, TASK, ("new.txt", b"3"))
    assert lab(desk, home).fetch()
    assert files(home) == {"final/task.ipynb": "mine"}
    assert [path.name for path in (home / ".local/share/homeroom").iterdir()] == ["start-files.json"]


def test_a_lab_waits_for_them(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Released while the exam goes on, they come without anybody doing anything."""
    monkeypatch.setattr(start_files, "LOOK_SECONDS", 0.02)
    in_exam(desk)

    async def wait_for_them() -> None:
        running = asyncio.create_task(lab(desk, home).run())
        await asyncio.to_thread(wait, (home / ".local").is_dir, "it has asked")
        await asyncio.to_thread(release, desk, TASK)
        await asyncio.to_thread(wait, (home / "final/task.ipynb").exists, "they are there")
        running.cancel()

    home = tmp_path / "home"
    asyncio.run(wait_for_them())
    assert files(home) == {"final/task.ipynb": '{"cells": []}'}


def test_nobody_else_fetches_them_before(desk: Desk) -> None:
    """In a lab of the course that is none of the exam it is neither listed nor given out before the exam begins; and an
    exam's lab gets that of no other exam."""
    in_exam(desk, opens=int(time.time()) + HOUR)
    release(desk, TASK)
    assert desk.listed("lab-1", "/released") == []
    for path in ("/released/biology/final", "/start-files", "/start-files?exam=final"):
        assert desk.asked("lab-1", "GET", path)[0] == 404, path
    release(desk, TASK, name="other")
    values = told()
    values["courses"][0]["exams"] = [exam(), exam(name="other")]
    other = {"lab-2": {"course": "biology", "exam": "other", "person": "a.b@x.org"}}
    del (labs := dict(values["labs"]))["lab-2"]
    desk.tell({**values, "labs": labs, "exams": other})
    for path in ("/released/biology/final", "/start-files/final", "/start-files/../final"):
        assert desk.asked("lab-2", "GET", path)[0] == 404, path


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HOMEROOM_LAB_ROLE": "exam", "HOMEROOM_SKELETON_FOLDER": "final"}, "final"),
        ({"HOMEROOM_LAB_ROLE": "grader", "HOMEROOM_SKELETON_FOLDER": "final"}, ""),
        ({"HOMEROOM_SKELETON_FOLDER": "final"}, ""),
        ({"HOMEROOM_LAB_ROLE": "exam"}, ""),
        ({"HOMEROOM_LAB_ROLE": "exam", "HOMEROOM_SKELETON_FOLDER": "final", "HOMEROOM_SKELETON": "/srv/skeleton"}, ""),
    ],
)
def test_no_other_lab_asks(environment: dict[str, str], folder: str) -> None:
    """Nor an exam's that begins with a folder of the operator's."""
    assert start_files.folder_of(environment) == folder
