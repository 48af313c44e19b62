"""Containers of labs that no hub knows of: who looks sees them, and only who is to remove them does."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from homeroom.gpus.pool import GPUPool
from homeroom.history.recorder import keep_history
from homeroom.hub import background
from homeroom.queue.resources import Resources
from homeroom.queue.start_queue import StartQueue
from homeroom.sign_in.watch import watch_people
from homeroom.spawner import orphan_watch, retrying
from homeroom.spawner.containers import LabContainers, recorded_labs
from homeroom.spawner.lab import LabSpawner
from homeroom.spawner.orphan_watch import watch_for_orphans
from jupyterhub.app import JupyterHub
from jupyterhub.orm import Server as StoredServer
from jupyterhub.orm import Spawner as StoredSpawner
from jupyterhub.orm import User as StoredUser
from sqlalchemy.orm import Session
from traitlets.config import Config

from tests.hub_config import loaded
from tests.hub_database import new_database

NEED = Resources(memory_bytes=2**30, cpus=1.0)
CONFIG = Config({"LabSpawner": {"deployment": "school"}})
LONG_AGO = 100


class Engine:
    """An engine's client that has some containers, and can be away."""

    def __init__(self) -> None:
        self.there: list[dict[str, Any]] = []
        self.away = 0

    def add(self, user: str, *, created: float = LONG_AGO, state: str = "running", gpus: str = "") -> str:
        """A lab's container; its id."""
        id_ = f"id-{user}"
        own = {"homeroom.deployment": "school", "homeroom.user": user, "homeroom.server": ""}
        own |= {"homeroom.memory": str(NEED.memory_bytes), "homeroom.cpus": "1"}
        own |= {"homeroom.gpus": gpus} if gpus else {}
        self.there.append({"Id": id_, "Names": [f"/{user}"], "Created": created, "State": state, "Labels": own})
        return id_

    def ids(self) -> list[str]:
        """Which containers there are."""
        return sorted(each["Id"] for each in self.there)

    def containers(self, filters: Any, **_: Any) -> list[dict[str, Any]]:
        assert "homeroom.deployment=school" in filters["label"], "another deployment's labs are none of ours"
        if self.away:
            self.away -= 1
            raise requests.ConnectionError("no guard")
        return list(self.there)

    def remove_container(self, container: str, **_: Any) -> None:
        self.there = [each for each in self.there if each["Id"] != container]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The engine that spawners speak to."""
    made = Engine()
    monkeypatch.setattr(LabSpawner, "client", made)
    monkeypatch.setattr(retrying.RetryingSpawner, "_silent_since", None)
    monkeypatch.setattr(retrying, "PATIENCE_SECONDS", 0.0)
    return made


@pytest.fixture
def db() -> Session:
    """The hub's database."""
    return new_database()


@pytest.fixture
def containers(engine: Engine, db: Session) -> LabContainers:
    """What looks them over."""
    return LabContainers(LabSpawner(config=CONFIG), "school", lambda: recorded_labs(db))


def record(db: Session, user: str, **state: str) -> None:
    """Have the hub know of somebody's lab, as it does from before its container is made until it has stopped."""
    lab = StoredSpawner(user=StoredUser(name=user), name="", state=state, last_activity=datetime(2026, 1, 1))
    lab.server = StoredServer()
    db.add(lab)
    db.commit()


@pytest.fixture
def pool(containers: LabContainers) -> GPUPool:
    """One GPU, leased as the hub leases it."""
    made = GPUPool(gpus=[{"id": "GPU-0"}])
    made.list_containers = containers.with_gpus
    made.remove_orphans = containers.remove_orphans_with_gpus
    return made


@pytest.fixture
def start_queue(containers: LabContainers) -> StartQueue:
    """A machine with room for two labs."""
    return StartQueue(NEED + NEED, containers.running, remove_orphans=containers.remove_orphans_from_running)


def test_who_looks_removes_nothing(
    engine: Engine, containers: LabContainers, start_queue: StartQueue, pool: GPUPool
) -> None:
    """What pages and estimates are made from tells of an orphan as of any other container, and leaves it there."""
    orphan = engine.add("ghost", gpus="GPU-0")

    async def look() -> None:
        assert [each["Id"] for each in await containers.listed()] == [orphan]
        assert list(await containers.running()) == [("ghost", "")]
        assert [each["Id"] for each in await containers.with_gpus()] == [orphan]
        assert await start_queue.used() == NEED
        await pool.refresh()
        assert pool.free() == {"GPU-0": 0}

    asyncio.run(look())
    assert engine.ids() == [orphan]


def test_no_lab_waits_for_what_an_orphan_reserves(engine: Engine, db: Session, start_queue: StartQueue) -> None:
    """Before capacity is counted, orphans are removed: they delay no lab."""
    record(db, "ada")
    lab = engine.add("ada")
    engine.add("ghost")
    asyncio.run(start_queue.wait_for(("bela", ""), NEED, 0))
    assert engine.ids() == [lab]


def test_an_orphan_keeps_no_lab_from_being_started_for_a_lesson(engine: Engine, start_queue: StartQueue) -> None:
    """Before capacity is taken for a lesson, orphans are removed too."""
    engine.add("ghost")
    assert asyncio.run(start_queue.take(("bela", ""), NEED))
    assert engine.ids() == []


def test_nobody_waits_for_the_gpu_of_an_orphan(engine: Engine, pool: GPUPool) -> None:
    """Before GPUs are given to somebody, orphans are removed."""
    engine.add("ghost", gpus="GPU-0")
    assert asyncio.run(pool.lease("ada", "", 1)).devices == ("GPU-0",)
    assert engine.ids() == []


def test_what_the_hub_knows_of_stays(engine: Engine, db: Session, containers: LabContainers) -> None:
    """A lab that runs, one whose start was just recorded, one of a person who was renamed, one that was made this
    moment and what has ended by itself are no orphans."""
    kept = [engine.add("ada"), engine.add("starting"), engine.add("old-name"), engine.add("young", created=2**40)]
    kept.append(engine.add("ended", state="exited"))
    orphan = engine.add("ghost")
    record(db, "ada", object_id="id-ada")
    record(db, "starting")
    record(db, "new-name", object_id="id-old-name")
    left = asyncio.run(containers.remove_orphans())
    assert sorted(each["Id"] for each in left) == engine.ids() == sorted(kept)
    assert orphan not in engine.ids()


# --- the hub looks by itself ---


@pytest.fixture
def hub(engine: Engine, db: Session, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the task needs of a hub. It looks every few milliseconds."""
    monkeypatch.setattr(orphan_watch, "INTERVAL_SECONDS", 0.005)
    return SimpleNamespace(config=CONFIG, db=db, log=logging.Logger("hub"), http_server=object())


async def until_there_are(engine: Engine, ids: list[str]) -> None:
    """Wait until the engine has these containers."""
    async with asyncio.timeout(10):
        while engine.ids() != ids:
            await asyncio.sleep(0.005)


def test_an_orphan_is_found_without_anybody_asking(engine: Engine, db: Session, hub: Any) -> None:
    """The hub looks at its start and again and again; labs that it knows of go on."""
    record(db, "ada")
    lab = engine.add("ada")
    engine.add("ghost")

    async def run() -> None:
        watch = asyncio.create_task(watch_for_orphans(hub))
        await until_there_are(engine, [lab])
        engine.add("later")
        await until_there_are(engine, [lab])
        watch.cancel()

    asyncio.run(run())


def test_a_look_that_fails_is_not_the_last(engine: Engine, hub: Any) -> None:
    """An engine that is away when the hub starts is asked again."""
    engine.add("ghost")
    engine.away = 3

    async def run() -> None:
        watch = asyncio.create_task(watch_for_orphans(hub))
        await until_there_are(engine, [])
        watch.cancel()

    asyncio.run(run())
    assert engine.away == 0


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A JupyterHub whose start does nothing by itself, and that nothing was asked of yet."""

    async def start(_: Any) -> None:
        """Listen to nobody."""

    monkeypatch.setattr(background, "_start", start)
    monkeypatch.setattr(background, "_wanted", [])
    monkeypatch.setattr(JupyterHub, "start", start)


@pytest.mark.usefixtures("started")
def test_the_rendered_hub_looks(engine: Engine, hub: Any, tmp_path: Path) -> None:
    """The configuration that `make up` renders has the hub look once it has started, however often it was read, beside
    what else it does then."""
    loaded(tmp_path)
    loaded(tmp_path)
    assert {keep_history, watch_for_orphans, watch_people} <= set(background._wanted)
    assert len(set(background._wanted)) == len(background._wanted)
    engine.add("ghost")

    async def run() -> None:
        await JupyterHub.start(hub)
        await until_there_are(engine, [])

    asyncio.run(run())


@pytest.mark.usefixtures("started")
def test_a_hub_that_only_prints_something_looks_at_nothing(engine: Engine, hub: Any, tmp_path: Path) -> None:
    """`jupyterhub --generate-config` and the like start no hub, and nothing beside it."""
    loaded(tmp_path)
    orphan = engine.add("ghost")
    hub.http_server = None

    async def run() -> None:
        await JupyterHub.start(hub)
        await asyncio.sleep(0.05)

    asyncio.run(run())
    assert engine.ids() == [orphan]
