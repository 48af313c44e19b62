"""A hub of JupyterHub's own for tests of courses, which its people know by a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import bcrypt
import pytest
from homeroom.courses.courses_file import Courses
from homeroom.sign_in.passwords import hashed

from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN


@contextmanager
def course_hub(directory: Path, *people: str, password: str) -> Iterator[HubApp]:
    """It, with people who all have one password; there are no courses yet."""
    Courses.clear_instance()
    with pytest.MonkeyPatch.context() as patch:
        config = loaded(directory)
        config.Courses.path = str(directory / "courses.json")
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        made = HubApp(directory, config)
        with made.running():
            add_people(made, *people, password=hashed(password))
            yield made
    Courses.clear_instance()
