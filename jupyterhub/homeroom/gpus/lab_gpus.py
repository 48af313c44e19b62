"""LabGPUs: the GPUs of one lab. They are leased, given to its container, and seen to be there."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol

import docker.errors

from homeroom.gpus.leases import Lease, Unavailable
from homeroom.gpus.pool import GPUPool
from homeroom.queue.resources import Key
from homeroom.texts.said import NOTHING as NOTHING_SAID
from homeroom.texts.said import Said, say

CHECK_INTERVAL_SECONDS = 0.02
CHECK_SECONDS = 30
NOTHING = Lease(user="", server="", devices=())


class NoGPUs(Exception):
    """A lab does not get its GPUs; what is said is why, for its owner.

    :param reason: one word for the hub's metrics.
    """

    def __init__(self, said: Said, *, reason: str) -> None:
        super().__init__(said.english())
        self.said = said
        self.reason = reason


class Engine(Protocol):
    """The engine, as a spawner speaks to it."""

    @property
    def client(self) -> Any:
        """docker-py's client."""

    def docker(self, method: str, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:
        """Call a method of the client in a thread."""


class LabGPUs:
    """The GPUs of one lab; where there are none, it only sees to it that the lab sees none.

    A start calls `lease`, creates its container by `create`, then calls `verify`. A start that ends early waits for
    `creating`, removes the container, and calls `release`. A lab that runs holds its GPUs by its container's label, and
    by nothing else.
    """

    def __init__(self, pool: GPUPool, engine: Engine, log: logging.Logger) -> None:
        self.pool = pool
        self.creating: asyncio.Future[dict[str, Any]] | None = None
        """The container that the engine makes for this start; also when the start was given up meanwhile."""
        self._engine = engine
        self._lease = NOTHING
        self._log = log

    def position(self, key: Key) -> int:
        """Position of a lab in the queue for GPUs; 0: it does not wait there."""
        return self.pool.queue.position(key)

    async def lease(self, key: Key, count: int, timeout_seconds: float, *, max_age_seconds: float = 0) -> None:
        """Reserve GPUs for the start that follows, in the queue behind those who wait for some already.

        :param max_age_seconds: the lab's maximum age; 0: no limit.
        :raises NoGPUs: they are not to be had.
        """
        self._lease, self.creating = NOTHING, None
        if not count:
            return
        try:
            self._lease = await self.pool.queue.lease(key, count, timeout_seconds, max_age_seconds=max_age_seconds)
        except Unavailable as refusal:
            when = refusal.next_free_seconds
            free = say("no_lab.gpus_wait", wait=max(0.0, when - time.time())) if when else NOTHING_SAID
            raise NoGPUs(refusal.said + free, reason=f"gpus-{refusal.reason}") from refusal

    async def create(self, host_config: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        """Create the container with the leased GPUs among the rest.

        :param host_config: of docker-py's `create_host_config`; what it says of devices goes before the lease's.
        :param arguments: of docker-py's `create_container`.
        """
        pool, lease = self.pool, self._lease
        arguments["environment"] = {**arguments.get("environment", {}), **pool.environment(lease)}
        arguments["labels"] = {**arguments.get("labels", {}), **pool.labels(lease)}
        whole = {**pool.host_config(lease), **host_config}
        arguments["host_config"] = self._engine.client.create_host_config(**whole)
        # Kept, since the engine goes on making it when the start is given up meanwhile; only then is the lease over.
        self.creating = creating = self._engine.docker("create_container", **arguments)
        creating.add_done_callback(lambda _: pool.release(lease))
        created: dict[str, Any] = await asyncio.shield(creating)
        return created

    async def verify(self, container: str, lab: str) -> None:
        """See that the leased devices are really in the container; engines differ in what they silently ignore.

        :param container: the container's name or id.
        :param lab: what the log calls the lab.
        :raises NoGPUs: they are not, or that could not be seen; the caller removes the lab.
        """
        command = self.pool.device_check(self._lease)
        if not command:
            return
        names = [device.title for device in self.pool.devices(self._lease)]
        try:
            ended_with: int | str = await asyncio.wait_for(self._exit_code(container, command), CHECK_SECONDS)
        except (docker.errors.APIError, TimeoutError) as error:
            ended_with = str(error) or "no answer"
        if ended_with == 0:
            return
        self._log.error("%s in %s ended with %s", " ".join(command), lab, ended_with)
        raise NoGPUs(say("no_lab.gpu_absent", gpus=names), reason="gpus-missing")

    def release(self) -> None:
        """Say that no container will be made for this lease any more."""
        self.pool.release(self._lease)

    async def _exit_code(self, container: str, command: list[str]) -> int:
        """Run a command in the container, attached to nothing, and return how it ended."""
        call = self._engine.docker
        nothing = {"stdin": False, "stdout": False, "stderr": False}
        execution = (await call("exec_create", container, command, **nothing))["Id"]
        await call("exec_start", execution, detach=True)
        while (state := await call("exec_inspect", execution))["Running"] or state["ExitCode"] is None:
            await asyncio.sleep(CHECK_INTERVAL_SECONDS)
        return int(state["ExitCode"])
