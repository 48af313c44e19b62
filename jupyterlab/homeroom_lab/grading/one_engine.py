"""One engine of SQLAlchemy for the gradebook, as long as a class is graded.

nbgrader opens its gradebook a dozen times a submission. Each time it makes a new engine, which compiles every statement
again, and it looks for each of its tables: more than half of what grading itself takes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_engine() -> Iterator[None]:
    """Have all gradebooks of one address that this process opens meanwhile share their engine, whose tables are looked
    for once. For a process that does nothing else: whoever puts another file there meanwhile is not noticed."""
    from nbgrader import api

    tables = api.Base.metadata
    make_engine, make_tables = api.create_engine, tables.create_all
    api.create_engine = functools.cache(lambda address, **options: make_engine(address, **options))
    tables.create_all = functools.cache(lambda bind: make_tables(bind=bind))
    try:
        yield
    finally:
        api.create_engine = make_engine
        del tables.create_all
