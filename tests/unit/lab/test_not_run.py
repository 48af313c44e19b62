"""Why a hand-in has no points yet, as the course's page is told it."""

from __future__ import annotations

from pathlib import Path

from homeroom_lab.grades.gradebook import not_run


def test_what_was_not_run_is_told_from_what_waits_for_people(tmp_path: Path) -> None:
    """A damaged notebook cannot be; a whole one was not yet; what lies among the graded ones was. Nothing is
    said of files that are not here, as where a gradebook alone was brought."""
    assert not_run(tmp_path, "bob", "week-1") == ""
    handed_in = tmp_path / "submitted/bob/week-1"
    handed_in.mkdir(parents=True)
    (handed_in / "week.ipynb").write_text('{"cells": []}')
    assert not_run(tmp_path, "bob", "week-1") == "not-yet"
    (handed_in / "week.ipynb").write_text('{"cel')
    assert not_run(tmp_path, "bob", "week-1") == "damaged"
    (tmp_path / "autograded/bob/week-1").mkdir(parents=True)
    assert not_run(tmp_path, "bob", "week-1") == ""
