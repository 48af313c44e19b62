"""A notebook of which an assignment is to be made is looked at first; and a traceback gives way to words."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from homeroom_lab.grading.source import reason_of, trouble
from homeroom_lab.grading.told import without_traceback

GRADED = {"grade": True, "grade_id": "a"}


def notebook(*graded: Any) -> str:
    """One with a cell for each of these metadata of nbgrader's."""
    return json.dumps({"cells": [{"cell_type": "code", "metadata": {"nbgrader": each}} for each in graded]})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "it is no whole notebook (JSONDecodeError"),
        ("[1]", "it is no whole notebook, since it has no cells"),
        ("[" * 100_000, "it is no whole notebook (RecursionError"),
        (notebook({"grade": True}), "its cell 1 is one of nbgrader's and has no grade ID"),
        (notebook("x"), "its cell 1 is one of nbgrader's and has no grade ID"),
        (notebook({"locked": True, "grade_id": ""}), "its cell 1 is one of nbgrader's and has no grade ID"),
        (notebook(GRADED, {**GRADED, "grade_id": "b"}, GRADED), "its cells 1 and 3 have one grade ID, 'a'"),
    ],
)
def test_a_broken_source_is_told_in_words(tmp_path: Path, text: str, said: str) -> None:
    """Half of one, no notebook, a graded cell without its ID, and two of one ID: in a line, with what to do."""
    path = tmp_path / "week.ipynb"
    path.write_text(text)
    found = trouble(path)
    assert found.startswith(said)
    assert "Open it with" in found or "Bring it anew" in found
    assert len(found.splitlines()) == 1


def test_a_whole_source_is_taken(tmp_path: Path) -> None:
    """Also with cells that are none of nbgrader's, or no more: from those the marks were taken again."""
    path = tmp_path / "week.ipynb"
    plain = {"grade": False, "solution": False, "locked": False}
    cells = [{}, *({"metadata": {"nbgrader": each}} for each in (GRADED, plain, {**plain, "grade_id": "a"}))]
    path.write_text(json.dumps({"cells": cells}))
    assert trouble(path) == ""


def test_what_is_seen_on_the_way_is_told_in_a_line() -> None:
    """Of an error of many lines the first, with what to do."""
    found = reason_of(ValueError("'grade' is a required property\n\nFailed validating"))
    assert found.startswith("'grade' is a required property. Open it with")
    own = ValueError("the metadata may be corrupted")
    own.__context__ = ValueError("it has no points")
    assert reason_of(own).startswith("it has no points. Open it with")


@pytest.mark.parametrize("told", [True, False])
def test_a_traceback_is_for_what_nobody_told(caplog: pytest.LogCaptureFixture, told: bool) -> None:
    """Where it is told in words, the log has the words alone; else the traceback is there, and nothing is held on."""
    log = logging.getLogger("tests.source")
    with without_traceback(log, lambda: told):
        log.error("Traceback (most recent call last):\n  x")
        log.error("week.ipynb is damaged")
    assert ("Traceback" in caplog.text) is not told
    assert "week.ipynb is damaged" in caplog.text
    assert log.filters == []
