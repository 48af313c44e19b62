"""A hub of JupyterHub's own for tests of courses, which its people know by a file."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from homeroom.courses.courses_file import Courses
from homeroom.courses.made import records
from homeroom.courses.watch import look
from homeroom.records import events
from homeroom.sign_in.passwords import hashed

from jupyterhub import orm
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


def say_courses(app: HubApp, *courses: dict[str, Any], text: str = "", zone: str = "Europe/Vienna") -> None:
    """Have `make up` render these courses, or this text, and the hub look."""
    _render(app, text or json.dumps({"zone": zone, "courses": courses}))
    app.do(look, app.hub)


def _render(app: HubApp, text: str) -> None:
    path = Path(Courses.instance(config=app.hub.config).path)
    path.with_suffix(".new").write_text(text)
    os.replace(path.with_suffix(".new"), path)


def forget_courses(app: HubApp, *more: Any) -> None:
    """Forget the courses that were made or rendered, what the records of people are to hear of it, and rows of more
    tables."""
    _render(app, json.dumps({"zone": "Europe/Vienna", "courses": []}))
    for table in (records.MadeCourse, events.WaitingEvent, *more):
        app.hub.db.query(table).delete()
    app.hub.db.commit()
    look(app.hub)
    graders = app.hub.db.query(orm.User.name).filter(orm.User.name.startswith("grader-"))
    for (name,) in graders.all():  # a name is nobody's as long as its grader is there
        app.hub.users.delete(name)
