"""The copy of a gradebook before its schema is changed; the change itself is tried in a real grader lab."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from homeroom_lab import gradebook_schema

from tests.unit.courses.test_material import book


def test_the_copy_is_whole(tmp_path: Path) -> None:
    """Also while somebody writes: it has what was written until then, and nothing of what a killed run has left."""
    path = book(tmp_path / "gradebook.db", "CREATE TABLE alembic_version (version_num TEXT)")
    writing = sqlite3.connect(path)
    writing.execute("INSERT INTO student VALUES ('dora')")
    kept = gradebook_schema.copy(path, "282d30a0218e")
    writing.commit()
    writing.close()
    assert sqlite3.connect(kept).execute("SELECT id FROM student").fetchall() == [("chen",)]
    assert kept.name.startswith("gradebook-before-upgrade-282d30a0218e-")
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([kept.name, "gradebook.db"])


def test_nothing_is_done_where_there_is_none(tmp_path: Path) -> None:
    """A new course has no gradebook yet."""
    assert gradebook_schema.bring_up_to_date(tmp_path / "gradebook.db") is None
    assert list(tmp_path.iterdir()) == []
