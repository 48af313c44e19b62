"""What is compared of two databases, and which copy is whole."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.updates import database

TABLES = (
    "CREATE TABLE users (name TEXT, admin BOOLEAN); CREATE TABLE users_info (username TEXT, is_authorized BOOLEAN);"
)


def made(path: Path, *people: tuple[str, int, int], more: str = "") -> Path:
    """A database with these people: name, whether they administer, whether they are approved."""
    with contextlib.closing(sqlite3.connect(path)) as opened:
        opened.executescript(TABLES + more)
        opened.executemany(
            "INSERT INTO users (name, admin) VALUES (?, ?)", [(name, admin) for name, admin, _ in people]
        )
        opened.executemany("INSERT INTO users_info VALUES (?, ?)", [(name, approved) for name, _, approved in people])
        opened.commit()
    return path


def test_nobody_is_lost_or_becomes_another(tmp_path: Path) -> None:
    """Somebody who is missing, who administers no more, or whose approval is gone, is named; who is new is not."""
    before = made(tmp_path / "before", ("ada", 1, 1), ("bela", 0, 1), ("chen", 0, 1), ("dora", 0, 0))
    after = made(tmp_path / "after", ("ada", 0, 1), ("bela", 0, 0), ("dora", 0, 0), ("eve", 0, 1))
    assert database.missing(before, after) == ["ada", "bela", "chen"]
    assert database.missing(before, before) == []
    assert database.names(after) == {"ada", "bela", "dora", "eve"}


def test_a_deployment_without_accounts_of_its_own(tmp_path: Path) -> None:
    """Where people sign in elsewhere there is no table of approvals."""
    path = tmp_path / "plain"
    with contextlib.closing(sqlite3.connect(path)) as opened:
        opened.executescript("CREATE TABLE users (name TEXT, admin BOOLEAN); INSERT INTO users VALUES ('ada', 1)")
    assert database.names(path) == {"ada"}


def test_other_tables_are_seen(tmp_path: Path) -> None:
    """A column or table more is another schema; other rows, or how it is written, are not."""
    one = made(tmp_path / "one", ("ada", 1, 1))
    same = made(tmp_path / "same")
    other = made(tmp_path / "other", more="ALTER TABLE users ADD COLUMN display_name TEXT;")
    assert database.tables(one) == database.tables(same)
    assert database.tables(one) != database.tables(other)


@pytest.mark.parametrize("damage", ["empty", "cut", "gone", "none of the hub's"])
def test_a_copy_that_is_not_whole_is_none(tmp_path: Path, damage: str) -> None:
    """A copy that is empty, cut off, missing or of something else is not taken for one, and nothing is made there."""
    path = made(tmp_path / "copy", *((f"person{number}", 0, 1) for number in range(2000)))
    database.check(path)
    match damage:
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:20000])
        case "gone":
            path.unlink()
        case _:
            path.unlink()
            sqlite3.connect(path).execute("CREATE TABLE cats (name TEXT)")
    with pytest.raises(HomeroomError, match="is not whole"):
        database.check(path)
    assert path.exists() == (damage != "gone")
