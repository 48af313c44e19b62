"""A hub's database, as JupyterHub makes a new one: made once and copied, since each making takes long."""

from __future__ import annotations

import functools
import sqlite3
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

from jupyterhub.orm import Base, new_session_factory
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.util import LRUCache

from generator.core.paths import ROOT

HUB = ROOT / "jupyterhub"


@functools.cache
def _pattern() -> Session:
    """A session on an empty database of the hub's, which nobody changes: it has the tables of all rooms, whichever of
    them a test imports."""
    for path in sorted((HUB / "homeroom").rglob("*.py")):
        if "__tablename__" in path.read_text(encoding="utf-8"):
            import_module(".".join(path.relative_to(HUB).with_suffix("").parts))
    made: Session = new_session_factory()()
    made.get_bind()._compiled_cache = LRUCache(5000)  # type: ignore[union-attr]
    return made


def _copy(to: sqlite3.Connection) -> None:
    pattern = _pattern().connection().connection.dbapi_connection
    assert isinstance(pattern, sqlite3.Connection)
    pattern.backup(to)


def _no_look(_: Any) -> None:
    """In place of a look at a database's tables. A mock takes longer to make than an engine."""


def _sessions(*given: Any, **options: Any) -> sessionmaker[Session]:
    """As the hub's own, without the look at a database's revision, which takes alembic, and at its tables, which are
    those of the pattern. What SQLAlchemy compiled for one of them holds for all."""
    with (
        mock.patch("jupyterhub.orm.check_db_revision", _no_look),
        mock.patch.object(Base.metadata, "create_all", _no_look),
    ):
        made: sessionmaker[Session] = new_session_factory(*given, **options)
    engine, pattern = made.kw["bind"], _pattern().get_bind()
    engine.dialect, engine._compiled_cache = pattern.dialect, pattern._compiled_cache  # type: ignore[union-attr]
    return made


def new_database(path: str = ":memory:") -> Session:
    """A session on a new database of the hub's own.

    :param path: of its file; in memory where none is named.
    """
    copied = sqlite3.connect(path, check_same_thread=False)
    _copy(copied)
    return _sessions(creator=lambda: copied)()


def in_file(path: Path) -> Any:
    """Have a hub that begins meanwhile find its database in this file; a new one, if the file is not there."""
    if not path.exists():
        with closing(sqlite3.connect(path)) as copied:
            _copy(copied)
    return mock.patch("jupyterhub.orm.new_session_factory", _sessions)
