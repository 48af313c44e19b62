"""What copies are made of."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.contract import exam_labs

from generator import topics
from generator.engine import kept
from generator.engine.kept import Kept
from generator.topics.copies import sources
from generator.topics.storage import homes
from tests.sample_settings import settings


def deployment(*homes: str, **values: str) -> Any:
    """A deployment with these volumes for homes."""
    named = [SimpleNamespace(name=f"homeroom-user-{home}") for home in homes]
    client = SimpleNamespace(volumes=SimpleNamespace(list=lambda filters=None: named))
    return SimpleNamespace(project="homeroom", client=client, settings=settings(**values))


def test_homes_are_always_in_one_place() -> None:
    """A home lies under the same path in each copy, be it a volume or a directory: that is how restic finds what it
    has already."""
    volumes = list(sources.of_homes(deployment("bela", "ada")))
    assert [(one.host, one.inside) for one in volumes] == [
        ("homeroom-user-ada", "/copy/homes/ada"),
        ("homeroom-user-bela", "/copy/homes/bela"),
    ]
    (directory,) = sources.of_homes(deployment(HOMES="/srv/homes"))
    assert (directory.host, directory.inside) == ("/srv/homes", "/copy/homes")
    assert all(one.read_only for one in (*volumes, directory))


def test_homes_of_exams_are_kept_wherever_the_others_are() -> None:
    """They are volumes also with HOMES; the list of the copy says whose each is, and of which lab."""
    labels = {"homeroom.user": "ada", "homeroom.server": "exam-final-0123456789ab", "homeroom.deployment": "homeroom"}
    volumes = [
        SimpleNamespace(name="homeroom-exam-f00d", attrs={"Labels": labels}),
        SimpleNamespace(name="another", attrs={"Labels": labels}),
    ]
    here = deployment(HOMES="/srv/homes")
    here.client.volumes.list = lambda filters: volumes
    (found,) = sources.of_exams(here)
    assert (found.host, found.inside, found.read_only) == ("homeroom-exam-f00d", "/copy/exams/f00d", True)
    assert found.exam == {"homeroom.user": "ada", "homeroom.server": "exam-final-0123456789ab"}
    assert homes.exam_prefix("homeroom") == exam_labs.volume_prefix("homeroom")


def test_a_path_of_a_copy_tells_whose_it_is() -> None:
    """By the name of the home, whose odd letters are written out."""
    assert sources.owner_of("/copy/homes/ada-40uni/x.ipynb") == "ada@uni"
    assert sources.owner_of("/copy/shares/exchange/x.ipynb") == ""


def test_the_hubs_database_is_never_copied_as_it_lies_there() -> None:
    """The file and its log are left out, since SQLite's own copy is in their place; all else of the volume is kept."""
    patterns = sources.left_out(deployment())
    root = "/copy/state/volumes/data"
    assert {f"{root}/jupyterhub.sqlite", f"{root}/jupyterhub.sqlite-wal"} <= set(patterns)
    assert root not in patterns


def test_a_topic_says_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a topic's `keeps.py` names is kept where that topic is in use."""
    assert [row.volume for row in kept.known(settings())] == ["data", "history", "records"]
    edge = settings(TLS="internal", HUB_HOST="hub.example.edu")
    assert [row.volume for row in kept.known(edge)] == ["data", "edge-data", "history", "records"]
    grades = Kept(volume="courses", owner="990:100", databases=("grades.sqlite",), without=("spool",))
    part: Any = SimpleNamespace(KEEPS=(grades,))
    here = deployment()
    monkeypatch.setattr(topics, "each", lambda name: [part])
    assert grades in kept.known(here.settings)
    assert {"/copy/state/volumes/courses/spool", "/copy/state/volumes/courses/grades.sqlite"} <= set(
        sources.left_out(here)
    )
    mounts = {one.inside: one for one in sources.of_state(here)}
    assert mounts["/copy/state/volumes/courses"].host == "homeroom_courses"


def test_what_is_in_use_no_more_is_kept_as_long_as_it_is_there() -> None:
    """Hand-ins, once the last course is gone; not where there were none, nor another deployment's."""
    here = deployment()
    volumes = here.client.volumes.list()
    volumes.append(SimpleNamespace(name="other_courses"))
    assert "/copy/state/volumes/courses" not in {one.inside for one in sources.of_state(here)}
    volumes.append(SimpleNamespace(name="homeroom_courses"))
    assert "/copy/state/volumes/courses" in {one.inside for one in sources.of_state(here)}
    assert "/copy/state/volumes/courses/.incoming" in sources.left_out(here)


def test_the_password_is_in_no_copy() -> None:
    """Nothing of backup/ is given to the copy: who has a copy has no key to it."""
    assert not any("backup" in Path(one.host).parts for one in sources.of_state(deployment()))
