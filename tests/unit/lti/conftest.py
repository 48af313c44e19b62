"""What the tests of launches share."""

from __future__ import annotations

import pytest
from homeroom.lti.records import make_tables
from sqlalchemy.orm import Session

from tests.hub_database import new_database


@pytest.fixture
def db() -> Session:
    """The hub's database, with the tables of launches."""
    made = new_database()
    make_tables(made)
    return made
