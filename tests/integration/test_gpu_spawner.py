"""The spawner's part on a real engine: a start with GPUs, and every way in which it may end early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.gpu_labs import GPUSpawner
from homeroom.gpus import GPUPool
from jupyterhub.spawner import SpawnException
from traitlets.config import Config

from jupyterhub import orm
from tests.pretend_gpus import IMAGE, GpuEngine, gpu_engine

Story = Callable[["Desk"], Coroutine[Any, Any, None]]


class SleepSpawner(GPUSpawner):
    """A lab that only sleeps, started as LabSpawner starts its labs."""

    remove = True
    wanted = 1

    async def start(self) -> str:
        """Lease, create, start, prove; whatever happens, nothing is kept."""
        await self.lease_gpus(self.wanted)
        try:
            await super().start()
            await self.prove_gpus()
        except BaseException:
            await self.give_back_gpus()
            raise
        return "started"

    async def get_ip_and_port(self) -> tuple[str, int]:
        """None."""
        return "", 0

    async def pull_image(self, image: str) -> None:
        """It is there."""

    async def create_object(self) -> dict[str, Any]:
        """The container, with its labels."""
        labels = {"homeroom.deployment": self.deployment, "homeroom.user": self.user.name, "homeroom.server": self.name}
        return await self.create_with_gpus(
            {"network_mode": "none", "init": True},
            image=IMAGE,
            command=["sleep", "60"],
            name=self.container_name,
            labels=labels,
        )


class Desk:
    """A hub's reception: makes spawners for people, and looks at the engine past them."""

    def __init__(self, engine: GpuEngine) -> None:
        self.engine = engine
        self.session = orm.new_session_factory("sqlite:///:memory:")()
        self.users: dict[str, Any] = {}
        gpus = [
            {"id": uuid, "label": f"Card {at}", "name": f"nvidia.com/gpu={uuid}", "nodes": [f"/dev/nvidia{at}"]}
            for at, uuid in enumerate(engine.uuids)
        ]
        self.config = Config({"GPUPool": {"gpus": gpus}})
        self.config.DockerSpawner.client_kwargs = {"base_url": engine.url}

    def spawner(self, name: str) -> SleepSpawner:
        """A person's spawner, known to the hub."""
        user = SimpleNamespace(name=name, escaped_name=name, db=self.session, settings={"users": self.users})
        made = SleepSpawner(
            user=user, config=self.config, deployment="desk", image=IMAGE, name_template="desk-{username}"
        )
        user.spawners = {"": SimpleNamespace(pending="spawn", active=True)}
        self.users[name] = user
        return made

    def forget(self, name: str) -> None:
        """What a restart does to a start that was never recorded."""
        del self.users[name]

    def labs(self) -> dict[str, str]:
        """Every container's name and GPUs."""
        found = self.engine.client().containers.list(all=True)
        return {str(one.name): one.labels.get("homeroom.gpus", "") for one in found}


@pytest.fixture(scope="module")
def engine(prepared_engine: None) -> Iterator[GpuEngine]:
    """An engine of its own with two GPUs."""
    with gpu_engine(2, image="debian:trixie-slim") as running:
        yield running


@pytest.fixture
def play(engine: GpuEngine) -> Iterator[Callable[[Story], None]]:
    """Play a story at a fresh desk."""
    GPUPool.clear_instance()
    SleepSpawner._client = None
    yield lambda story: asyncio.run(story(Desk(engine)))
    GPUPool.clear_instance()
    SleepSpawner._client = None
    for container in engine.client().containers.list(all=True):
        container.remove(force=True)


def test_a_lab_has_its_gpu_and_the_third_is_told_why_not(play: Callable[[Story], None]) -> None:
    """Two labs get the two GPUs, a third a plain reason; when one stops, its GPU is the next one's."""

    async def story(desk: Desk) -> None:
        ada, bela, cyd = (desk.spawner(name) for name in ("ada", "bela", "cyd"))
        await asyncio.gather(ada.start(), bela.start())
        assert sorted(desk.labs().values()) == ["GPU-0000", "GPU-1111"]
        with pytest.raises(SpawnException, match="needs 1 GPU, and none of 2 is free now"):
            await cyd.start()
        await ada.stop()
        await cyd.start()
        assert sorted(desk.labs()) == ["desk-bela", "desk-cyd"]

    play(story)


def test_a_lab_without_its_device_is_removed_with_a_reason(
    play: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that says yes and injects nothing is found out: no lab runs without the GPU it was promised."""

    async def story(desk: Desk) -> None:
        ada = desk.spawner("ada")
        pool = ada.gpu_pool
        monkeypatch.setattr(pool, "host_config", lambda _: {})  # as older Podman ignores what it is asked
        with pytest.raises(SpawnException, match=r"did not give this lab its GPU \(Card 0\)") as refusal:
            await ada.start()
        assert refusal.value.reason == "gpus-missing"
        assert desk.labs() == {}
        await pool.refresh()
        assert set(pool.free().values()) == {1}

    play(story)


def test_a_device_that_the_engine_does_not_know_leaves_nothing(play: Callable[[Story], None]) -> None:
    """A CDI name that is gone fails the start; the container that was made for it holds no GPU afterwards."""

    async def story(desk: Desk) -> None:
        desk.config.GPUPool.gpus = [{"id": "GPU-9", "name": "nvidia.com/gpu=gone"}]
        with pytest.raises(Exception, match="gone"):
            await desk.spawner("ada").start()
        assert desk.labs() == {}

    play(story)


def test_a_start_cancelled_at_any_moment_leaves_nothing(play: Callable[[Story], None]) -> None:
    """A timeout cancels a start wherever it is; what its threads still make is removed, and its GPU is free again."""

    async def story(desk: Desk) -> None:
        for seconds in (0.0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.3):
            ada = desk.spawner("ada")
            start = asyncio.create_task(ada.start())
            await asyncio.sleep(seconds)
            start.cancel()
            (ended,) = await asyncio.gather(start, return_exceptions=True)
            while GPUSpawner._cleaning:
                await asyncio.sleep(0.02)
            if ended == "started":
                await ada.stop()
            assert desk.labs() == {}, f"after {seconds} s"
            await ada.gpu_pool.refresh()
            assert set(ada.gpu_pool.free().values()) == {1}, f"after {seconds} s"

    play(story)


def test_a_slow_engine_keeps_the_gpu_until_it_has_answered(play: Callable[[Story], None]) -> None:
    """While the engine may still be making a cancelled start's container, nobody else gets its GPU."""

    async def story(desk: Desk) -> None:
        ada = desk.spawner("ada")
        ada.wanted = 2
        answer = asyncio.Event()
        plain = ada.docker

        def slow(method: str, *arguments: Any, **options: Any) -> Any:
            if method != "create_container":
                return plain(method, *arguments, **options)

            async def later() -> Any:
                await answer.wait()
                return await plain(method, *arguments, **options)

            return asyncio.ensure_future(later())

        ada.docker = slow
        start = asyncio.create_task(ada.start())
        while ada._creation is None:
            await asyncio.sleep(0.01)
        start.cancel()
        await asyncio.sleep(0.05)
        with pytest.raises(SpawnException, match="none of 2 is free"):
            await desk.spawner("bela").start()
        answer.set()
        await asyncio.gather(start, return_exceptions=True)
        assert desk.labs() == {}
        assert await desk.spawner("bela").start() == "started"

    play(story)


def test_an_orphan_is_counted_and_makes_room_when_needed(play: Callable[[Story], None]) -> None:
    """A hub killed in a start leaves a lab that the next hub does not know: it is counted, then removed for others."""

    async def story(desk: Desk) -> None:
        await desk.spawner("ghost").start()
        desk.forget("ghost")
        GPUPool.clear_instance()  # another hub
        ada, bela, cyd = (desk.spawner(name) for name in ("ada", "bela", "cyd"))
        await ada.start()
        assert sorted(desk.labs()) == ["desk-ada", "desk-ghost"]
        await bela.start()
        assert sorted(desk.labs()) == ["desk-ada", "desk-bela"]
        with pytest.raises(SpawnException, match="none of 2 is free"):
            await cyd.start()
        assert sorted(desk.labs()) == ["desk-ada", "desk-bela"]

    play(story)
