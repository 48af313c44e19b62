"""homeroom.hub.database: what keeps the hub from its database is found before it starts, and said in words."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
import sqlalchemy
from homeroom.hub import database

ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with something in it."""
    made = tmp_path / "jupyterhub.sqlite"
    with sqlite3.connect(made) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
        connection.executemany("INSERT INTO users VALUES (?)", [(f"person{number}" * 50,) for number in range(500)])
    connection.close()
    return made


def test_a_whole_database_and_none_are_no_fault(path: Path) -> None:
    """The hub starts on what is whole, and makes what is not there yet."""
    assert database.fault(path) == ""
    path.unlink()
    assert database.fault(path) == ""
    assert not path.exists()


@pytest.mark.parametrize("offset", [0, 4096 * 5])
def test_a_damaged_database_is_told(path: Path, offset: int) -> None:
    """Damage at the head or in the middle: what is untouched and what to do stand beside it; nothing is waited for."""
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"\xff" * 8192)
    found = database.fault(path)
    assert "is damaged" in found
    assert "Homes are untouched" in found
    assert "docs/operations.md" in found
    assert not database.passing(found)
    heading = database.CHAPTER.partition('"')[2].rstrip('"')
    assert f"## {heading}\n" in (ROOT / "docs/operations.md").read_text()


def test_what_may_pass_is_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock, or a full disk, is told as such."""
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.01)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert database.fault(path) == database.LOCKED
    holder.close()
    assert database.fault(path) == ""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(100, 100, 0))
    assert database.fault(path) == database.FULL
    assert database.passing(database.FULL)
    assert database.passing(database.LOCKED)


def test_the_command_ends_with_1_and_words(path: Path) -> None:
    """`python -m homeroom.hub.database` says where, what, and what to do, without a traceback."""
    path.write_bytes(b"no database at all" * 1000)
    done = subprocess.run(
        [sys.executable, "-m", "homeroom.hub.database", str(path)],
        cwd=ROOT / "jupyterhub",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}: the hub's database, with the accounts, is damaged")
    assert "Traceback" not in done.stderr


COMMIT_AND_BE_KILLED = """
import os, signal, sys, sqlalchemy
from homeroom.hub import database
database.write_ahead()
connection = sqlalchemy.create_engine("sqlite:///" + sys.argv[1]).connect()
connection.execute(sqlalchemy.text("DELETE FROM users"))
connection.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""


def look_over(*arguments: str, check: bool) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m homeroom.hub.database`."""
    command = [sys.executable, "-m", "homeroom.hub.database", *arguments]
    return subprocess.run(command, cwd=ROOT / "jupyterhub", capture_output=True, check=check)


def test_a_killed_hub_loses_nothing(path: Path, tmp_path: Path) -> None:
    """What it committed last is beside the database's file: a copy has it, with nothing beside it, and so has the
    database after it was looked over."""
    command = [sys.executable, "-c", COMMIT_AND_BE_KILLED, str(path)]
    assert subprocess.run(command, cwd=ROOT / "jupyterhub").returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}-wal").stat().st_size
    copied = tmp_path / "elsewhere" / "copy.sqlite"
    copied.parent.mkdir()
    copied.write_bytes(look_over("--copy", str(path), check=True).stdout)
    look_over(str(path), check=True)
    for one in copied, path:
        with contextlib.closing(sqlite3.connect(one)) as connection:
            assert connection.execute("SELECT count(*) FROM users").fetchall() == [(0,)]


@pytest.mark.parametrize("content", [b"no database at all" * 1000, None])
def test_what_is_no_database_is_not_copied(path: Path, content: bytes | None) -> None:
    """A damaged one, or none: told in words, nothing is written, and none is made."""
    path.unlink()
    if content:
        path.write_bytes(content)
    done = look_over("--copy", str(path), check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(f"{path}: the hub's database".encode())
    assert b"Traceback" not in done.stderr
    assert path.exists() == bool(content)


def test_an_error_carries_its_words(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the hub's pages show of an error of the database is a sentence with a remedy; a page after it, too."""
    database.tell_faults()
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.1})
    holder = sqlite3.connect(path, isolation_level=None)
    with engine.connect() as connection:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlalchemy.exc.OperationalError) as caught:
            connection.execute(sqlalchemy.text("DELETE FROM users"))
    holder.close()
    words = database.MESSAGES["database is locked"]
    assert vars(caught.value)["jupyterhub_message"] == str(words)
    assert database.recent_fault() == words
    monkeypatch.setattr(database, "RECENT_SECONDS", -1)
    assert not database.recent_fault()


@pytest.mark.parametrize("said", ["database or disk is full", "database disk image is malformed", "something else"])
def test_every_error_has_words(said: str) -> None:
    """Each says that it was not done, and what to do."""
    words = str(database.message(said))
    assert "not do" in words
    assert "lease" in words
