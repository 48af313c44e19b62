"""homeroom.hub.schema: a database of an earlier version is upgraded only after a copy that is whole."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from unittest import mock

import alembic.config
import pytest
from alembic.script import ScriptDirectory
from homeroom.hub import schema
from jupyterhub.dbutil import ALEMBIC_DIR, _temp_alembic_ini
from jupyterhub.orm import User

from tests.hub_database import new_database

OLDER = "4621fec11365"


def made(path: Path, revision: str, *people: str) -> Path:
    """A database that says it is of this revision, with these people; what came last is only in the log beside it."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    database.execute("CREATE TABLE users (name TEXT)")
    database.executemany("INSERT INTO users VALUES (?)", [(name,) for name in people])
    return path


def people(path: Path) -> list[str]:
    """Who is in it."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute("SELECT name FROM users ORDER BY name")]


def stamp(path: Path, revision: str) -> None:
    """Say that it is of this revision."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_the_newest_revision_is_jupyterhubs() -> None:
    """The revision that counts as up to date is the one that JupyterHub wants, and it knows the way from all before."""
    scripts = ScriptDirectory(ALEMBIC_DIR)
    assert scripts.get_current_head() == schema.NEWEST
    assert schema.known_revisions() == {script.revision for script in scripts.walk_revisions()}


@pytest.mark.parametrize("revision", [schema.NEWEST, ""])
def test_what_is_up_to_date_is_left_alone(tmp_path: Path, revision: str) -> None:
    """A database of this version, one that says nothing, and one that is not there yet are not touched."""
    path = made(tmp_path / "hub.sqlite", revision, "ada")
    with mock.patch.object(schema, "upgrade", side_effect=AssertionError):
        assert schema.main(path) == 0
        assert schema.main(tmp_path / "none.sqlite") == 0
    assert list(tmp_path.glob("*before*")) == []
    assert not (tmp_path / "none.sqlite").exists()


def test_a_copy_is_made_before(tmp_path: Path) -> None:
    """What is kept is the database before the upgrade, also what stood in its log alone, and nobody else reads it."""
    path = made(tmp_path / "hub.sqlite", OLDER, "ada", "bela")
    kept = tmp_path / f"hub.sqlite.before-{OLDER}"

    def upgrade(_: Path) -> None:
        assert people(kept) == ["ada", "bela"]
        stamp(path, schema.NEWEST)

    with mock.patch.object(schema, "upgrade", upgrade):
        assert schema.main(path) == 0
    assert schema.revision_of(kept) == OLDER
    assert kept.stat().st_mode & 0o777 == 0o600
    assert schema.revision_of(path) == schema.NEWEST


def test_an_upgrade_that_fails_leaves_it_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Half an upgrade is undone, with the log that it wrote, and the hub does not start on it."""
    path = made(tmp_path / "hub.sqlite", OLDER, "ada")

    def half(_: Path) -> None:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("DELETE FROM users")
        raise OSError("the disk is full")

    with mock.patch.object(schema, "upgrade", half):
        assert schema.main(path) == 1
    assert people(path) == ["ada"]
    assert schema.revision_of(path) == OLDER
    assert "is as it was: the disk is full" in capsys.readouterr().err


def test_without_a_copy_nothing_is_upgraded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database that cannot be copied is not touched."""
    path = made(tmp_path / "hub.sqlite", OLDER, "ada")
    with (
        mock.patch.object(schema, "damage", return_value="is damaged"),
        mock.patch.object(schema, "upgrade", side_effect=AssertionError),
    ):
        assert schema.main(path) == 1
    assert "no copy of the hub's database could be made" in capsys.readouterr().err
    assert list(tmp_path.glob("*before*")) == []
    assert people(path) == ["ada"]


def test_a_newer_database_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hub of an older version does not start on the tables of a newer one, and says what to do."""
    path = made(tmp_path / "hub.sqlite", "000000000000", "ada")
    assert schema.main(path) == 1
    assert "of a newer version of Homeroom" in capsys.readouterr().err


def test_jupyterhubs_own_scripts_upgrade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of JupyterHub 5 becomes one of this version's, with everybody in it."""
    path = tmp_path / "hub.sqlite"
    session = new_database(str(path))
    session.add(User(name="ada"))
    session.commit()
    session.close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES (?)", (schema.NEWEST,))
        database.commit()
    monkeypatch.setattr("jupyterhub.dbutil.check_call", lambda words: alembic.config.main(words[1:]))
    with _temp_alembic_ini(f"sqlite:///{path}") as ini:
        alembic.config.main(["-c", ini, "downgrade", OLDER])
    assert schema.revision_of(path) == OLDER
    kept = schema.bring_up_to_date(path)
    assert kept is not None
    assert (schema.revision_of(kept), schema.revision_of(path)) == (OLDER, schema.NEWEST)
    assert people(path) == people(kept) == ["ada"]
