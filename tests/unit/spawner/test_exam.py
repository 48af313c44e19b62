"""The lab in which an exam is sat, as its container is made, and what the guard says of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from homeroom.contract import sockets
from homeroom.contract.exam_labs import MOST_BYTES, lab_name
from homeroom.exam_labs import exam_lab
from homeroom.exam_labs.exam_lab import ExamLab
from homeroom.guard.decisions import decide
from homeroom.guard.policy import Policy
from homeroom.guard.routes import Deny, EngineCall
from homeroom.spawner.no_lab import NoLab
from traitlets.config import Config

from generator.lifecycle.render import GUARD_POLICY
from tests.hub_config import loaded
from tests.unit.spawner.test_spawner import MOUNTPOINT, FakeEngine, created, engine, spawner

__all__ = ["engine"]
SERVER = lab_name("biology", "final")
COURSES = "courses: [{name: biology, teachers: {people: [olga]}}]\n"
SHARES = "shares:\n  - {name: data, volume: data, target: /srv/data, read_only: false}\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is rendered."""
    return tmp_path_factory.mktemp("rendered")


@pytest.fixture(scope="module")
def rendered(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A configuration with a course, and a share that everybody writes."""
    site = tmp_path_factory.mktemp("site")
    (site / "shares.yaml").write_text(SHARES)
    (site / "courses.yaml").write_text(COURSES)
    return loaded(directory, site)


@pytest.fixture
def own() -> Iterator[ExamLab]:
    """ada sits an exam now."""
    now = time.time()
    lab = ExamLab(
        person="ada",
        server=SERVER,
        course="biology",
        exam="final",
        title="Final",
        begins_at=now - 60,
        ends_at=now + 60,
        files="biology-final",
    )
    exam_lab.know([lab])
    yield lab
    exam_lab.know([])


def in_exam(config: Config) -> Any:
    """The spawner of her lab."""
    return spawner(config, "ada", SERVER)


def test_it_has_a_home_of_its_own_and_nothing_else(engine: FakeEngine, rendered: Config, own: ExamLab) -> None:
    """On no network, without shares; its home is a volume of its own, and the exam's files come into their folder."""
    made = in_exam(rendered)
    container: dict[str, Any] = created(made, engine)
    host = container["host_config"]
    assert host["NetworkMode"] == "none"
    mounts = {mount["Target"]: (mount["Source"], mount["ReadOnly"]) for mount in host["Mounts"]}
    volume = f"{made.deployment}-exam-{sockets.directory_name('ada', SERVER)}"
    assert mounts["/home/jovyan"] == (volume, False)
    assert mounts["/srv/skeleton"] == (f"{made.exam_files}/biology-final", True)
    assert [target for target, (_, read_only) in mounts.items() if not read_only] == ["/home/jovyan"]
    assert container["environment"]["HOMEROOM_SKELETON_FOLDER"] == "final"
    assert container["environment"]["JUPYTER_CONFIG_PATH"] == "/opt/jupyter/etc/jupyter-roles/exam"
    assert container["labels"]["homeroom.server"] == SERVER
    assert "--HubOAuth.cache_max_age=10" in container["command"], "whose token has ended is out within seconds"
    assert container["environment"]["HOMEROOM_HOME_SOFT_LIMIT"] == str(MOST_BYTES)


def test_the_guard_lets_no_other_lab_have_that_home(
    engine: FakeEngine, rendered: Config, own: ExamLab, directory: Path
) -> None:
    """The guard allows what the hub asks for; the same home for another lab of hers, another home for this lab, and
    anything else that it could write into are refused."""
    created(in_exam(rendered), engine)
    policy = replace(Policy.from_json((directory / GUARD_POLICY).read_text()), lab_sockets_path=MOUNTPOINT)
    name = f"{policy.container_prefix}x"

    def asked(**changes: Any) -> Any:
        body = json.loads(json.dumps(engine.body))
        for key, change in changes.items():
            change(body[key])
        return decide("POST", "/v1.45/containers/create", f"name={name}", json.dumps(body).encode(), policy)

    assert isinstance(asked(), EngineCall)

    def other(labels: dict[str, str]) -> None:
        labels["homeroom.server"] = lab_name("biology", "other")

    def person(host: dict[str, Any]) -> None:
        host["Mounts"][0]["Source"] = f"{policy.volume_prefix}ada"

    def share(host: dict[str, Any]) -> None:
        mount = {"Type": "volume", "Source": f"{policy.deployment}-share-data", "Target": "/srv/data"}
        host["Mounts"].append({**mount, "ReadOnly": False})

    for key, change in {"Labels": other, "HostConfig": person}.items():
        assert isinstance(asked(**{key: change}), Deny), key
    refused = asked(HostConfig=share)
    assert isinstance(refused, Deny)


def test_one_lab_in_an_exam(engine: FakeEngine, rendered: Config, own: ExamLab) -> None:
    """Who sits an exam starts no other lab; the exam's own only by its clock."""
    with pytest.raises(NoLab, match="You sit the exam Final now"):
        spawner(rendered, "ada")._check_count()
    spawner(rendered, "chen")._check_count()
    made = in_exam(rendered)
    made._check_count()
    for times, said in (((60, 120), "has not begun yet"), ((-120, -60), "over for you")):
        now = time.time()
        exam_lab.know([replace(own, begins_at=now + times[0], ends_at=now + times[1])])
        with pytest.raises(NoLab, match=said):
            made._check_count()
    exam_lab.know([replace(own, begins_at=time.time() + 60, ends_at=time.time() + 120)])
    made.starts_ahead = True
    made._check_count()
