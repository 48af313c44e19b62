"""The lab that several may enter, as its container is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeroom.courses.courses_file import Courses
from homeroom.shared_labs import shared_lab
from homeroom.shared_labs.shared_lab import SharedLab
from homeroom.spawner.lab import is_set_aside_for
from homeroom.spawner.no_lab import NoLab
from traitlets.config import Config

from tests.hub_config import loaded
from tests.unit.spawner.test_spawner import FakeEngine, created, engine, spawner

__all__ = ["engine"]
PROFILES = """\
profiles:
  - {name: small, description: S, memory: 512M, default: true}
  - {name: large, description: L, memory: 1G, idle_seconds: 1800, max_age_seconds: 3600, allow: {users: [ada]}}
"""
NO_CHANGE = {
    "members": [],
    "hub_groups": [],
    "environment": {},
    "never_idle": False,
    "gpus": None,
    "cpus": None,
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """A configuration with a second profile, which is not for everybody."""
    site: Path = tmp_path_factory.mktemp("site")
    (site / "profiles.yaml").write_text(PROFILES)
    Courses.clear_instance()
    yield loaded(tmp_path_factory.mktemp("rendered"), site)
    Courses.clear_instance()


@pytest.fixture
def known() -> Iterator[None]:
    """The grader lab of biology."""
    shared_lab.know("grader-", [SharedLab(name="grader-biology", entered_by=(), profile="large", role="grader")])
    yield
    shared_lab.know("grader-", [])


def test_it_is_started_with_the_profile_of_its_own(engine: FakeEngine, rendered: Config, known: None) -> None:
    """Whoever starts it chooses nothing, and asks for no other profile; that of the course may be closed to people. Its
    server asks the hub each second who may enter, and reads the configuration of its role."""
    made = spawner(rendered, "grader-biology", labs_per_person=3)
    made.user_options = {"profile": "small"}
    container: dict[str, Any] = created(made, engine)
    assert (made.plan.profile, made.plan.memory_bytes, made.plan.max_age_seconds) == ("large", 1 << 30, 0)
    assert made.plan.idle_seconds == 1800
    assert made.most_labs == 1
    assert container["environment"]["HOMEROOM_SHARED_LAB"] == "1"
    assert container["environment"]["HOMEROOM_LAB_ROLE"] == "grader"
    assert container["environment"]["JUPYTER_CONFIG_PATH"] == "/opt/jupyter/etc/jupyter-roles/grader"
    assert "--HubOAuth.cache_max_age=1" in container["command"]


def test_capacity_is_set_aside_for_the_largest(engine: FakeEngine, rendered: Config) -> None:
    """For so many grader labs as the configuration says, as large as their profiles and groups make them; for rooms and
    people there is none."""
    groups = {"course-a-graders": {**NO_CHANGE, "memory_bytes": 4 << 30}}
    labs = [
        SharedLab(name="grader-a", entered_by=(), member_of=("course-a-graders",), set_aside=True),
        SharedLab(name="grader-b", entered_by=(), profile="large", set_aside=True),
    ]
    shared_lab.know("grader-", labs)
    shared_lab.know("room-", [SharedLab(name="room-choir", entered_by=())])
    try:
        made = spawner(rendered, "ada", labs_set_aside=1, groups=groups)
        assert made._set_aside().memory_bytes == 4 << 30
        made.labs_set_aside = 2
        assert made._set_aside().memory_bytes == 5 << 30
        made.labs_set_aside = 0
        assert made._set_aside().memory_bytes == 0
        assert [is_set_aside_for((name, "")) for name in ("grader-a", "room-choir", "ada")] == [True, False, False]
    finally:
        shared_lab.know("grader-", [])
        shared_lab.know("room-", [])


def test_a_persons_lab_is_as_before(engine: FakeEngine, rendered: Config, known: None) -> None:
    """Nobody else's lab has any of this."""
    container = created(spawner(rendered), engine)
    assert not {"HOMEROOM_LAB_ROLE", "HOMEROOM_SHARED_LAB", "JUPYTER_CONFIG_PATH"} & container["environment"].keys()
    assert "--HubOAuth.cache_max_age=1" not in container["command"]


def test_one_that_is_closed_is_not_started(engine: FakeEngine, rendered: Config) -> None:
    """A lab whose course is gone is refused in words."""
    with pytest.raises(NoLab, match="its course is over"):
        _ = spawner(rendered, "grader-gone").plan
