"""The spawner's part on a real engine: a start with GPUs, and every way in which it may end early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.gpus.pool import GPUPool
from homeroom.labs.plan import LabPlan
from homeroom.spawner import running
from homeroom.spawner.container import reservation_labels
from homeroom.spawner.lab import LabSpawner
from homeroom.spawner.no_lab import NoLab
from homeroom.spawner.running import Recorded
from homeroom.texts.said import NOTHING, Said
from traitlets.config import Config

from tests.fake_gpus import IMAGE, GpuEngine, gpu_engine

Story = Callable[["Desk"], Coroutine[Any, Any, None]]


class SleepSpawner(LabSpawner):
    """A lab that only sleeps; everything around it is LabSpawner's."""

    wanted = 1
    known: dict[str, Any]

    def _decide(self) -> LabPlan:
        return LabPlan(profile="gpu", image=IMAGE, memory_bytes=2**26, cpus=1, gpus=self.wanted)

    def _recorded(self) -> list[Recorded]:
        return [Recorded(key=(name, "")) for name in self.known]

    def save_state(self) -> None:
        """There is no hub's database."""

    def _check_count(self) -> None:
        """One lab is never too many."""

    def _why_over(self) -> Said:
        return NOTHING

    async def _until_it_answers(self) -> None:
        """It never does."""

    async def create_object(self) -> dict[str, Any]:
        """The container, with its labels."""
        return await self.gpus.create(
            {"network_mode": "none", "init": True},
            image=IMAGE,
            command=["sleep", "60"],
            name=self.container_name,
            labels=self.labels | reservation_labels(self.plan, self.name, None),
        )


class Desk:
    """A hub's reception: makes spawners for people, and looks at the engine past them."""

    def __init__(self, engine: GpuEngine) -> None:
        self.engine = engine
        self.users: dict[str, Any] = {}
        gpus = [
            {"id": uuid, "label": f"Card {at}", "name": f"nvidia.com/gpu={uuid}", "nodes": [f"/dev/nvidia{at}"]}
            for at, uuid in enumerate(engine.uuids)
        ]
        self.config = Config({"GPUPool": {"gpus": gpus}})
        self.config.DockerSpawner.client_kwargs = {"base_url": engine.url}

    def spawner(self, name: str, *, queue_seconds: int = 2) -> SleepSpawner:
        """A person's spawner, known to the hub; unless told otherwise, one that hardly waits in the queue."""
        user = SimpleNamespace(name=name, escaped_name=name, groups=[], admin=False)
        made = SleepSpawner(
            user=user,
            config=self.config,
            deployment="desk",
            image=IMAGE,
            name_template="desk-{username}",
            queue_seconds=queue_seconds,
        )
        made.known = self.users
        user.spawners = {"": made}
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


async def in_line(spawner: SleepSpawner) -> asyncio.Task[str]:
    """A start that has come as far as the queue."""
    start = asyncio.create_task(spawner.start())
    while not spawner.queue_position and not start.done():
        await asyncio.sleep(0.01)
    return start


def forget_hub() -> None:
    """What the end of a hub does to everything that it only remembers."""
    GPUPool.clear_instance()
    SleepSpawner._client = LabSpawner._start_queue = LabSpawner._start_slots = None


@pytest.fixture
def play(engine: GpuEngine) -> Iterator[Callable[[Story], None]]:
    """Play a story at a fresh desk."""
    forget_hub()
    yield lambda story: asyncio.run(story(Desk(engine)))
    forget_hub()
    for container in engine.client().containers.list(all=True):
        container.remove(force=True)


def test_a_lab_has_its_gpu_and_the_third_is_told_why_not(play: Callable[[Story], None]) -> None:
    """Two labs get the two GPUs, a third a plain reason; when one stops, its GPU is the next one's."""

    async def story(desk: Desk) -> None:
        ada, bela, cyd = (desk.spawner(name) for name in ("ada", "bela", "cyd"))
        await asyncio.gather(ada.start(), bela.start())
        assert sorted(desk.labs().values()) == ["GPU-0000", "GPU-1111"]
        with pytest.raises(NoLab, match=r"needs 1 GPU\. Free now: 0 of 2"):
            await cyd.start()
        await ada.stop()
        await cyd.start()
        assert sorted(desk.labs()) == ["desk-bela", "desk-cyd"]

    play(story)


def test_the_queue_for_gpus_is_served_in_order(play: Callable[[Story], None]) -> None:
    """Who waits sees a position; a lab with two GPUs is not overtaken by one with a single GPU that came later."""

    async def story(desk: Desk) -> None:
        ada, bela, cyd, dora = (desk.spawner(name, queue_seconds=60) for name in ("ada", "bela", "cyd", "dora"))
        await asyncio.gather(ada.start(), bela.start())
        cyd.wanted = 2
        waits = await in_line(cyd)
        behind = await in_line(dora)
        assert (cyd.queue_position, dora.queue_position) == (1, 2)
        assert str(dora.queue_message).startswith("All GPUs are in use. You are number 2 in the queue.")
        assert (await anext(dora.progress()))["message"] == str(dora.queue_message)
        await ada.stop()
        await asyncio.sleep(1.5)  # a look at the engine, and another
        assert (cyd.queue_position, dora.queue_position) == (1, 2), "dora's one free GPU was taken past cyd"
        await bela.stop()
        await waits
        assert desk.labs() == {"desk-cyd": "GPU-0000,GPU-1111"}
        await cyd.stop()
        await behind
        assert list(desk.labs()) == ["desk-dora"]
        assert not dora.queue_message

    play(story)


def test_who_leaves_the_queue_delays_no_lab(play: Callable[[Story], None]) -> None:
    """The next in the queue moves up when the first is cancelled; a lab without GPUs never waits in it."""

    async def story(desk: Desk) -> None:
        ada, bela, cyd = (desk.spawner(name, queue_seconds=60) for name in ("ada", "bela", "cyd"))
        ada.wanted = bela.wanted = 2
        await ada.start()
        waits = await in_line(bela)
        behind = await in_line(cyd)
        assert cyd.queue_position == 2
        dora = desk.spawner("dora")
        dora.wanted = 0
        await dora.start()
        waits.cancel()
        await asyncio.gather(waits, return_exceptions=True)
        assert cyd.queue_position == 1
        await ada.stop()
        await behind
        assert sorted(desk.labs()) == ["desk-cyd", "desk-dora"]

    play(story)


def test_a_lab_without_its_device_is_removed_with_a_reason(
    play: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that says yes and injects nothing is found out: no lab runs without the GPU it was promised."""

    async def story(desk: Desk) -> None:
        ada = desk.spawner("ada")
        pool = ada.gpu_pool
        monkeypatch.setattr(pool, "host_config", lambda _: {})  # as older Podman ignores what it is asked
        with pytest.raises(NoLab, match=r"did not give this lab its GPU \(Card 0\)") as refusal:
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
        with pytest.raises(NoLab, match="could not give this lab its GPU"):
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
            if ada._start and ada._start.clearing:
                await ada._start.clearing
            if isinstance(ended, str):
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

        ada.docker = slow  # type: ignore[method-assign]
        start = asyncio.create_task(ada.start())
        while ada.gpus.creating is None:
            await asyncio.sleep(0.01)
        start.cancel()
        await asyncio.sleep(0.05)
        with pytest.raises(NoLab, match="Free now: 0 of 2"):
            await desk.spawner("bela").start()
        answer.set()
        await asyncio.gather(start, return_exceptions=True)
        assert ada._start
        assert ada._start.clearing
        await ada._start.clearing
        assert desk.labs() == {}
        assert await desk.spawner("bela").start()

    play(story)


def test_an_orphan_is_counted_until_it_is_removed(
    play: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub killed in a start leaves a lab that the next does not know: its GPU is nobody else's, then free again."""

    async def story(desk: Desk) -> None:
        await desk.spawner("ghost").start()
        desk.forget("ghost")
        forget_hub()
        await desk.spawner("ada").start()
        with pytest.raises(NoLab, match="Free now: 0 of 2"):
            await desk.spawner("bela").start()
        assert sorted(desk.labs()) == ["desk-ada", "desk-ghost"]
        monkeypatch.setattr(running, "ORPHAN_SECONDS", 0)  # time passes
        await desk.spawner("bela").start()
        assert sorted(desk.labs()) == ["desk-ada", "desk-bela"]

    play(story)
