"""A hub's database in memory, as JupyterHub makes a new one: made once and copied, since each making takes long."""

from __future__ import annotations

import functools
import sqlite3
from importlib import import_module
from unittest import mock

from jupyterhub.orm import Base, new_session_factory
from sqlalchemy.orm import Session

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
    return made


def new_database(path: str = ":memory:") -> Session:
    """A session on a new database of the hub's own, without the look at its revision, which takes alembic, and at its
    tables, which are those of the pattern.

    :param path: of its file; in memory where none is named.
    """
    pattern = _pattern().connection().connection.dbapi_connection
    assert isinstance(pattern, sqlite3.Connection)
    copied = sqlite3.connect(path, check_same_thread=False)
    pattern.backup(copied)
    with mock.patch("jupyterhub.orm.check_db_revision"), mock.patch.object(Base.metadata, "create_all"):
        made: Session = new_session_factory(creator=lambda: copied)()
    return made
