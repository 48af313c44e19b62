"""Students check their own work: at the desk, with a guard whose containers are threads."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from homeroom.courses import person
from homeroom.courses.desk import runs
from homeroom.courses.desk.checks import Used
from homeroom_lab.desk import NotTaken
from homeroom_lab.grading import check, desk_runs
from homeroom_lab.grading.checking import Checking, checkable

from tests.unit.courses.desk import HOUR, Desk, assignment, begun, folder, tar, told, wait
from tests.unit.courses.test_runs import Guard, ask, guard, tmp_path

__all__ = ["guard", "tmp_path"]
"""Fixtures."""
ERROR = {"output_type": "error", "ename": "AssertionError", "evalue": "f(1) is 2\nnot 3", "traceback": []}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk is asked again soon: a run before may just be going. Two are run at a time."""
    monkeypatch.setattr(desk_runs, "AGAIN_SECONDS", (0.05,) * 40)
    monkeypatch.setattr(runs, "MOST_AT_ONCE", 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def brings(outputs: list[Any], trouble: Any = None) -> Any:
    """A container whose one notebook has a cell with these outputs."""

    def run(socket: str) -> int:
        (name,) = json.loads(ask(socket, "GET", "/order")[1])["notebooks"]
        cells = {"2": {"outputs": outputs, "execution_count": 1}}
        ask(socket, "POST", "/notebooks", json.dumps({"name": name, "cells": cells, "trouble": trouble}).encode())
        return 0

    return run


def test_a_check_says_which_cells_fail(
    guard: Guard, desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the number of the cell and the error; why something was not run to its end; or that all is well. Nothing is
    handed in by it, and nothing kept but how often."""
    desk.tell(told(assignment(checks=3)))
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-1"))
    own = folder(desk.root)
    words = ["week-1", str(own), "--course", "biology"]
    guard.container = brings([ERROR])
    assert check.main(words) == 1
    assert capsys.readouterr().out == "week.ipynb: cell 3: AssertionError: f(1) is 2\n"
    guard.container = brings([], {"why": "memory"})
    assert check.main(words) == 1
    assert "needed more memory" in capsys.readouterr().out
    guard.container = brings([])
    assert check.main(words) == 0
    assert "All cells ran" in capsys.readouterr().out
    wait(lambda: desk.kept == ["checks.json"], "nothing else is left at the desk")


def test_a_cell_that_took_too_long_is_called_that() -> None:
    """Not the interrupt that ended it, which nobody typed."""
    errors: list[dict[str, object]] = [
        {"output_type": "error", "ename": name, "evalue": "", "traceback": []}
        for name in ("KeyboardInterrupt", "CellTimeoutError")
    ]
    ran = {"cells": {"1": {"outputs": errors}, "2": {"outputs": errors[:1]}}, "trouble": None}
    assert check.faults("week.ipynb", ran) == [
        "week.ipynb: cell 2: It took longer than 30 seconds, and was interrupted.",
        "week.ipynb: cell 3: KeyboardInterrupt",
    ]


def test_checks_without_end_keep_no_grading_waiting(guard: Guard, desk: Desk) -> None:
    """However many students have theirs run, what the grader sends is run beside them."""
    desk.tell(told(assignment(checks=3)))
    body, ended = b'{"notebooks": []}\n' + tar(("x", b"x")), threading.Event()

    def check_or_grade(socket: str) -> int:
        order = json.loads(ask(socket, "GET", "/order")[1])
        assert "grading" in order or ended.wait(60)
        return 0

    guard.container = check_or_grade
    with ThreadPoolExecutor(2) as pool:
        checks = [pool.submit(desk.asked, name, "POST", "/checks/biology/week-1", body) for name in ("lab-1", "lab-2")]
        try:
            wait(lambda: len(list((desk.root / "store/.incoming").iterdir())) == 4, "both wait, or are run")
            wait(lambda: guard.most == 1, "one is run")
            status, said = desk.asked("lab-5", "POST", "/runs", body.replace(b"{", b'{"grading": 1, ', 1))
            assert (status, json.loads(said)["how"]) == (200, "done")
            assert not any(each.done() for each in checks)
        finally:
            ended.set()
        assert [each.result()[0] for each in checks] == [200, 200]


def test_so_many_a_day(guard: Guard, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the desk's clock, each person for themselves; what was not run does not count."""
    desk.tell(told(assignment(checks=1)))
    own = folder(desk.root)
    guard.container = brings([])
    away = desk.root / "away.sock"
    (desk.root / "runs.sock").rename(away)
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-1"))
    with pytest.raises(NotTaken, match="Nothing can be run just now"):
        check.check("biology", "week-1", own)
    away.rename(desk.root / "runs.sock")
    assert check.check("biology", "week-1", own) == []
    with pytest.raises(NotTaken, match="You have checked week-1 once today"):
        check.check("biology", "week-1", own)
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-2"))
    assert check.check("biology", "week-1", own) == []


def test_who_may_not_hand_in_checks_nothing(guard: Guard, desk: Desk) -> None:
    """Not who does not take the course, nor after the assignment has closed, nor where it has no checks."""
    body = b"{}\n" + tar(("a.ipynb", b"{}"))
    closed = assignment("week-2", checks=3, due=None, closes=assignment()["opens"] + HOUR // 2)
    desk.tell(told(assignment(), closed, assignment("week-3", checks=3)))
    for lab, name, status in (("lab-1", "week-1", 403), ("lab-1", "week-2", 403), ("lab-4", "week-3", 404)):
        assert desk.sent(lab, body, f"/checks/biology/{name}")[0] == status
    assert guard.ended == []


def test_a_desk_that_is_restarted_goes_on_counting(guard: Guard, desk: Desk) -> None:
    """Also where it was killed while it wrote; the export has a person's count, and removal for good takes it along.
    What is damaged counts for nothing, and keeps no desk from opening."""
    desk.tell(told(assignment(checks=2)))
    guard.container = brings([])
    body = json.dumps({"notebooks": ["a.ipynb"]}).encode() + b"\n" + tar(("a.ipynb", b"{}"))
    for lab in ("lab-1", "lab-2"):
        with_answer(desk, lab, body)
    store = desk.root / "store"
    (store / ".checks.json").write_text('{"day": "20')
    desk.end()
    desk.end = (again := begun(desk.root)).end
    again.tell(told(assignment(checks=2)))
    assert again.listed("lab-1", "/checks") == [{"course": "biology", "assignment": "week-1", "most": 2, "left": 1}]
    with_answer(again, "lab-1", body)
    assert again.sent("lab-1", body, "/checks/biology/week-1")[0] == 429
    database = sqlite3.connect(":memory:")
    (kept,) = person.of_person(database, "b+ob")["checks"]
    assert (kept["course"], kept["assignment"], kept["checks"]) == ("biology", "week-1", 2)
    person.forget(database, "b+ob")
    assert "b+ob" not in (store / "checks.json").read_text()
    assert again.listed("lab-1", "/checks")[0]["left"] == 2
    assert again.listed("lab-2", "/checks")[0]["left"] == 1
    (store / "checks.json").write_text("[]")
    used = Used(store)
    used.open()
    assert used.of_person("a.b@x.org") == []


def test_what_can_be_checked_is_told(desk: Desk) -> None:
    """What is open and has checks, to who takes the course; a teacher, or somebody else, has nothing to check."""
    early = assignment("week-2", checks=3, opens=assignment()["opens"] + 9 * HOUR)
    desk.tell(told(assignment(checks=3), early, assignment("week-3")))
    assert [each["assignment"] for each in desk.listed("lab-1", "/checks")] == ["week-1"]
    assert desk.listed("lab-3", "/checks") == desk.listed("lab-4", "/checks") == []


def test_a_notebook_belongs_to_the_assignment_of_its_folder() -> None:
    """By the folder's name, and that of the course around it where several courses have such an assignment."""
    checks = [{"course": course, "assignment": "week-1"} for course in ("botany", "biology")]
    assert checkable("week-1/a.ipynb", checks[:1]) == checks[:1]
    assert checkable("terms/biology/week-1/a.ipynb", checks) == checks[1:]
    assert checkable("week-1/a.ipynb", checks) == checks
    for other in ("a.ipynb", "week-2/a.ipynb", "week-1/more/a.ipynb", ""):
        assert checkable(other, checks) == []


def test_the_page_is_told_what_a_check_found(guard: Guard, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it goes on, what it found, and why there was none; each for its own notebook, so a page that was loaded
    meanwhile is told, too."""
    desk.tell(told(assignment(checks=2)))
    monkeypatch.setattr(desk_runs, "SOCKET", desk.socket("lab-1"))
    folder(desk.root)

    async def checked(path: str = "week-1/week.ipynb") -> dict[str, object]:
        checking = Checking(desk.root / "home")
        checking.begin(path, "biology", "week-1")
        assert checking.state(path) == {"running": True}
        assert checking.state("week-1/other.ipynb") == {}
        while checking.running:
            await asyncio.sleep(0.01)
        found = checking.state(path)
        assert checking.state(path) == {}
        return found

    guard.container = brings([ERROR])
    assert asyncio.run(checked()) == {"found": ["week.ipynb: cell 3: AssertionError: f(1) is 2"]}
    guard.container = brings([])
    assert asyncio.run(checked()) == {"found": []}
    assert "checked week-1 2 times today" in str(asyncio.run(checked())["error"])
    assert "no notebook" in str(asyncio.run(checked("nowhere/week.ipynb"))["error"])


def with_answer(desk: Desk, lab: str, body: bytes) -> None:
    """A check that was run."""
    status, _ = desk.asked(lab, "POST", "/checks/biology/week-1", body)
    assert status == 200
