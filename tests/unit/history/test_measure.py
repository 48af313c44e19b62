"""What is measured of labs, by the hub's own spawners and an engine that answers by plain data."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from homeroom.culling.culling import LabState
from homeroom.gpus.pool import GPUPool
from homeroom.history import measure
from homeroom.history.measure import Measuring, places
from homeroom.history.sample import Sample
from homeroom.queue.resources import Resources
from homeroom.spawner import memory_use, retrying
from homeroom.spawner.lab import LabSpawner
from homeroom.storage import home_use
from jupyterhub.objects import Hub
from jupyterhub.orm import Server as StoredServer
from jupyterhub.orm import User as StoredUser
from jupyterhub.user import User
from sqlalchemy.orm import Session
from traitlets.config import Config

from tests.hub_database import new_database
from tests.unit.history.samples import FAILED

PROFILES = [
    {"name": "standard", "image": "lab:1", "memory_bytes": 2**30, "cpus": 1.0},
    {"name": "large", "image": "lab:2", "memory_bytes": 2**32, "cpus": 4.0},
]
GROUPS = {"biology": {"members": ["ada"], "hub_groups": []}}
CONFIG = Config(
    {
        "LabSpawner": {
            "deployment": "school",
            "profiles": PROFILES,
            "groups": GROUPS,
            "total_lab_memory_bytes": 4 * 2**30,
            "total_lab_cpus": 9.0,
        },
        "GPUPool": {"gpus": [{"id": "GPU-0", "slots": 2}]},
    }
)


class Engine:
    """An engine's client."""

    def __init__(self) -> None:
        self.computed = {"ada": 10.0, "bela": 5.0}
        self.away = False

    def stats(self, container: str, **_: Any) -> dict[str, Any]:
        if self.away:
            raise requests.ConnectionError("no guard")
        cpu = {"cpu_usage": {"total_usage": int(self.computed[container] * 1e9)}}
        return {"memory_stats": {"usage": 500, "limit": 1000}, "cpu_stats": cpu}

    def containers(self, filters: Any, **_: Any) -> list[dict[str, Any]]:
        labels = {"homeroom.user": "ada", "homeroom.server": "", "homeroom.memory": str(2**30), "homeroom.cpus": "1"}
        return [{"Id": "ada", "Created": 1, "State": "running", "Labels": {**labels, "homeroom.gpus": "GPU-0"}}]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine that spawners speak to; what all labs share is of one test alone."""
    made = Engine()
    monkeypatch.setattr(LabSpawner, "client", made)
    monkeypatch.setattr(LabSpawner, "_start_queue", None)
    monkeypatch.setattr(memory_use, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(memory_use, "WAIT_SECONDS", 30.0)
    monkeypatch.setattr(memory_use.MemoryUse, "_slots", asyncio.Semaphore(2))
    monkeypatch.setattr(retrying.RetryingSpawner, "_silent_since", None)
    monkeypatch.setattr(retrying, "PATIENCE_SECONDS", 0.0)
    GPUPool.clear_instance()
    yield made
    GPUPool.clear_instance()


def lab(db: Session, user: str, profile: str, *, gpus: int = 0, minutes_idle: float = 0.0) -> User:
    """Somebody whose lab runs."""
    person = StoredUser(name=user)
    db.add(person)
    db.commit()
    hub = Hub(bind_url="http+unix://%2Frun%2Fhub%2Fhub.sock", base_url="/hub/")
    settings = {"spawner_class": LabSpawner, "config": CONFIG, "hub": hub, "base_url": "/"}
    whole = User(person, settings, db=db)
    made: LabSpawner = whole.spawners[""]
    made.object_id = user
    made.kept.lab_state = LabState(profile=profile, idle_seconds=0, max_age_seconds=0, gpus=gpus)
    made.orm_spawner.server = StoredServer()
    now = datetime.now(UTC).replace(tzinfo=None)
    made.orm_spawner.started = now - timedelta(days=1)
    made.orm_spawner.last_activity = now - timedelta(minutes=minutes_idle)
    db.commit()
    return whole


@pytest.fixture
def hub() -> Any:
    """A hub with two labs: one in use with a GPU, one that nobody has used for an hour."""
    db = new_database()
    users = {0: lab(db, "ada", "standard", gpus=1), 1: lab(db, "bela", "large", minutes_idle=60)}
    return SimpleNamespace(config=CONFIG, users=users, db=db)


def measured(measuring: Measuring, seconds: float = 60.0) -> Sample:
    """The next sample, that many seconds after the last."""
    measuring._last_at -= seconds if measuring._last_at else 0.0
    return asyncio.run(measuring.sample(120.0))


def test_what_labs_use(engine: Engine, hub: Any) -> None:
    """Time, CPU time since the last look, memory and GPUs of each, with what they are counted by."""
    measuring = Measuring(hub, LabSpawner(config=CONFIG))
    first = measured(measuring)
    assert [(one.lab_seconds, one.cpu_seconds) for one in first.labs] == [(0, 0), (0, 0)], "none knows for how long"
    engine.computed |= {"ada": 40.0}
    ada, bela = measured(measuring).labs
    assert (ada.person, ada.groups, ada.profile, ada.image) == ("ada", ("biology",), "standard", "lab:1")
    assert 60 <= ada.lab_seconds < 120, "a busy machine needs a moment for it"
    assert (ada.cpu_seconds, ada.memory_bytes, ada.gpus) == (30.0, 500, 1)
    assert (bela.groups, bela.image, bela.cpu_seconds, bela.gpus) == ((), "lab:2", 0.0, 0)


def test_a_lab_that_is_new_has_computed_all_of_it_since(engine: Engine, hub: Any) -> None:
    """Its start costs a CPU as well; of one that ran before the hub did only what follows is known."""
    measuring = Measuring(hub, LabSpawner(config=CONFIG))
    measured(measuring)
    measuring._seen.clear()
    hub.users[1].spawners[""].orm_spawner.started = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=1)
    assert [one.cpu_seconds for one in measured(measuring).labs] == [0.0, 5.0]


def test_a_break_is_not_counted_as_use(engine: Engine, hub: Any) -> None:
    """A machine that slept for a night had nobody's lab in use all night."""
    measuring = Measuring(hub, LabSpawner(config=CONFIG))
    measured(measuring)
    assert [one.lab_seconds for one in measured(measuring, 9 * 3600).labs] == [120.0, 120.0]


def test_what_there_is_beside_labs(engine: Engine, hub: Any) -> None:
    """People who are active, what is reserved and free, homes that labs have told of, and what happened since."""
    measuring = Measuring(hub, LabSpawner(config=CONFIG))
    measuring.outcomes.append(FAILED)
    home_use._told[hub.users[1]] = 7
    found = measured(measuring)
    assert (found.people, found.homes, found.outcomes) == (1, {"bela": 7}, (FAILED,))
    assert (found.room.reserved_memory_bytes, found.room.places) == (2**30, 3)
    assert (found.room.gpus, found.room.free_gpus) == (2, 1)
    assert measured(measuring).outcomes == ()


def test_labs_that_several_enter_are_nobodys(engine: Engine, hub: Any) -> None:
    """What a grader lab or a room uses is counted, and it is no person who was active."""
    engine.computed |= {"grader-biology": 1.0}
    hub.users[2] = lab(hub.db, "grader-biology", "standard")
    found = measured(Measuring(hub, LabSpawner(config=CONFIG)))
    assert found.people == 1
    assert [one.person for one in found.labs] == ["ada", "bela", ""]


def test_rooms_are_told_apart_and_opened_once(engine: Engine, hub: Any) -> None:
    """A room that was started since the last look was opened then, and not again; one that ran before the hub did was
    opened before. A grader lab is none, and nobody's is."""
    engine.computed |= {"room-study": 1.0, "room-old": 1.0, "grader-bio": 1.0}
    measuring = Measuring(hub, LabSpawner(config=CONFIG))
    measured(measuring)
    for number, name in enumerate(("room-study", "room-old", "grader-bio"), 2):
        hub.users[number] = lab(hub.db, name, "standard", minutes_idle=60 * (name == "room-old"))
    started = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=1)
    hub.users[2].spawners[""].orm_spawner.started = started
    found = [(one.room, one.is_opened, one.is_used) for one in measured(measuring).labs[2:]]
    assert found == [("study", True, True), ("old", False, False), ("", False, True)]
    assert [one.is_opened for one in measured(measuring).labs[2:]] == [False] * 3


def test_an_engine_that_is_away_hides_no_outcome(engine: Engine, hub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What happened is in the next sample; of a lab whose figures are missing the last ones stand."""
    measuring = Measuring(hub, LabSpawner(config=CONFIG))
    measured(measuring)
    monkeypatch.setattr(measure, "ASKING_SECONDS", -1.0)
    assert [one.memory_bytes for one in measured(measuring).labs] == [500, 500]
    measuring.outcomes.append(FAILED)
    monkeypatch.setattr(engine, "containers", lambda **_: (_ for _ in ()).throw(requests.ConnectionError("no guard")))
    with pytest.raises(retrying.EngineAway):
        measured(measuring)
    assert measuring.outcomes == [FAILED]


def test_a_hub_without_people_is_measured(engine: Engine) -> None:
    """There is nothing to ask the engine for."""
    engine.away = True
    empty: Any = SimpleNamespace(config=CONFIG, users={})
    found = measured(Measuring(empty, LabSpawner(config=CONFIG)))
    assert (found.labs, found.room.places, found.room.free_gpus) == ([], 4, 2)
    assert LabSpawner._start_queue is None, "a queue without anybody's lab would know no database"


@pytest.mark.parametrize(
    ("memory", "cpus", "expected"), [(0, 0.0, None), (2**32, 0.0, 3), (0, 3.0, 2), (2**32, 3.0, 2), (2**20, 9.0, 0)]
)
def test_places_are_labs_of_the_default_profile(memory: int, cpus: float, expected: int | None) -> None:
    """What is short decides; without limits there is no number."""
    assert places(PROFILES, memory, cpus, Resources(memory_bytes=2**30, cpus=1.0)) == expected
