"""Students check their own work: at the desk, with a guard whose containers are threads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from homeroom_lab.desk import NotTaken
from homeroom_lab.grading import check, desk_runs

from tests.unit.courses.desk import HOUR, Desk, assignment, folder, tar, told
from tests.unit.courses.test_runs import Guard, ask, guard, tmp_path

__all__ = ["guard", "tmp_path"]
"""Fixtures."""
ERROR = {"output_type": "error", "ename": "AssertionError", "evalue": "f(1) is 2\nnot 3", "traceback": []}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk is asked again soon: a run before may just be going."""
    monkeypatch.setattr(desk_runs, "AGAIN_SECONDS", (0.05,) * 40)


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
    handed in by it, and nothing kept."""
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
    assert desk.kept == []


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
    with pytest.raises(NotTaken, match="You have checked week-1 1 times today"):
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
