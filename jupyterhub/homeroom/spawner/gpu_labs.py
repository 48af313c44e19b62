"""GPUSpawner: the part of a lab's start that leases GPUs, gives them to the container, and sees that they are there."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import docker.errors
from traitlets import Unicode

from homeroom.gpus.leases import Lease, Unavailable
from homeroom.gpus.pool import GPUPool
from homeroom.spawner.engine_calls import PatientSpawner
from homeroom.spawner.no_lab import NoLab

PROOF_INTERVAL_SECONDS = 0.02
PROOF_SECONDS = 30


class GPUSpawner(PatientSpawner):
    """What LabSpawner does about GPUs; without any in `GPUPool.gpus` it only sees to it that labs see none.

    A start calls `lease_gpus`, creates its container by `create_with_gpus`, then calls `prove_gpus`. Whoever ends it
    early waits for `_creating`, removes the container, and calls `gpu_pool.release`. A lab that runs holds its GPUs by
    its container's label, and by nothing else.
    """

    deployment = Unicode(
        config=True,
        help="""Name of the deployment (COMPOSE_PROJECT_NAME). Containers and volumes are named and labelled by it.""",
    )
    _lease: Lease | None = None
    _creating: asyncio.Future[dict[str, Any]] | None = None

    @property
    def gpu_pool(self) -> GPUPool:
        """The pool that all spawners of this hub share."""
        pool: GPUPool = GPUPool.instance(config=self.config)
        if pool.list_containers is None:
            pool.list_containers = self._containers_with_gpus
        return pool

    @property
    def gpu_lease(self) -> Lease:
        """What this lab has leased; nothing before `lease_gpus`."""
        return self._lease or Lease(user=self.user.name, server=self.name, devices=())

    async def lease_gpus(self, count: int, timeout_seconds: float, *, longest_seconds: float = 0) -> None:
        """Reserve GPUs for the start that follows, in line behind those who wait for some already.

        :param longest_seconds: the lab's longest run; 0: no end.
        :raises NoLab: they are not to be had, with the reason for the person.
        """
        self._lease, self._creating = None, None
        if not count:
            return
        key = self.user.name, self.name
        try:
            self._lease = await self.gpu_pool.line.lease(key, count, timeout_seconds, longest_seconds=longest_seconds)
        except Unavailable as refusal:
            when = refusal.next_free_seconds
            wait = f" It falls free in {math.ceil(max(60, when - time.time()) / 60)} min at the latest." if when else ""
            raise NoLab(f"{refusal}{wait}", reason=f"gpus-{refusal.reason}", status_code=503) from refusal

    async def create_with_gpus(self, host_config: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        """Create the container with the leased GPUs among the rest.

        :param host_config: of docker-py's `create_host_config`; what it says of devices goes before the lease's.
        :param arguments: of docker-py's `create_container`.
        """
        pool, lease = self.gpu_pool, self.gpu_lease
        arguments["environment"] = {**arguments.get("environment", {}), **pool.environment(lease)}
        arguments["labels"] = {**arguments.get("labels", {}), **pool.labels(lease)}
        arguments["host_config"] = self.client.create_host_config(**{**pool.host_config(lease), **host_config})
        # Kept, since the engine goes on making it when the start is given up meanwhile; only then is the lease over.
        self._creating = creating = self.docker("create_container", **arguments)
        creating.add_done_callback(lambda _: pool.release(lease))
        created: dict[str, Any] = await asyncio.shield(creating)
        return created

    async def prove_gpus(self) -> None:
        """See that the leased devices are really in the container; engines differ in what they silently ignore.

        :raises NoLab: they are not, or that could not be seen; the caller removes the lab.
        """
        command = self.gpu_pool.proof(self.gpu_lease)
        if not command:
            return
        names = ", ".join(device.title for device in self.gpu_pool.devices(self.gpu_lease))
        try:
            ended_with: int | str = await asyncio.wait_for(self._exit_code(command), PROOF_SECONDS)
        except (docker.errors.APIError, TimeoutError) as error:
            ended_with = str(error) or "no answer"
        if ended_with == 0:
            return
        self.log.error("%s in %s ended with %s", " ".join(command), self._log_name, ended_with)
        raise NoLab(
            f"The engine did not give this lab its GPU ({names}), so it was stopped. "
            "Please tell the administrator: `make check` looks the GPUs over.",
            reason="gpus-missing",
            status_code=503,
        )

    async def _exit_code(self, command: list[str]) -> int:
        """Run a command in the lab's container, attached to nothing, and return how it ended."""
        nothing = {"stdin": False, "stdout": False, "stderr": False}
        execution = (await self.docker("exec_create", self.container_id, command, **nothing))["Id"]
        await self.docker("exec_start", execution, detach=True)
        while (state := await self.docker("exec_inspect", execution))["Running"] or state["ExitCode"] is None:
            await asyncio.sleep(PROOF_INTERVAL_SECONDS)
        return int(state["ExitCode"])

    async def _containers_with_gpus(self) -> list[dict[str, Any]]:
        """Every container of this deployment that is labelled with GPUs, ended ones too; LabSpawner lists them."""
        raise NotImplementedError
