"""GPUSpawner: the part of a lab's start that leases GPUs, gives them to the container, and sees that they are there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import docker.errors
from dockerspawner import DockerSpawner
from jupyterhub.orm import Spawner as RecordedLab
from jupyterhub.spawner import SpawnException
from traitlets import Unicode

from homeroom.gpus import GPUPool
from homeroom.leases import GPUS_LABEL, LabContainer, Lease, Unavailable

PROOF_INTERVAL_SECONDS = 0.02
PROOF_SECONDS = 30
GIVE_BACK_SECONDS = 20


class GPUSpawner(DockerSpawner):
    """What LabSpawner does about GPUs; without any in `GPUPool.gpus` it only sees to it that labs see none.

    A start calls `lease_gpus`, creates its container by `create_with_gpus`, then calls `prove_gpus`; whatever ends it
    early, it calls `give_back_gpus`. A lab that runs holds its GPUs by its container's label, and by nothing else.
    """

    deployment = Unicode(
        config=True,
        help="""Name of the deployment (COMPOSE_PROJECT_NAME). Containers and volumes are named and labelled by it.""",
    )
    _cleaning: set[asyncio.Task[None]] = set()
    _lease: Lease | None = None
    _creation: asyncio.Future[dict[str, Any]] | None = None

    @property
    def gpu_pool(self) -> GPUPool:
        """The pool that all spawners of this hub share."""
        pool: GPUPool = GPUPool.instance(config=self.config)
        if pool.list_containers is None:
            pool.list_containers = self._containers_with_gpus
            pool.remove_orphans = self._remove_orphans
        return pool

    @property
    def gpu_lease(self) -> Lease:
        """What this lab has leased; nothing before `lease_gpus`."""
        return self._lease or Lease(user=self.user.name, server=self.name, devices=())

    async def lease_gpus(self, count: int, *, longest_seconds: float = 0) -> None:
        """Reserve GPUs for the start that follows.

        :param longest_seconds: the lab's longest run; 0: no end.
        :raises SpawnException: they are not to be had, with the reason for the person.
        """
        self._lease, self._creation = None, None
        try:
            self._lease = await self.gpu_pool.lease(self.user.name, self.name, count, longest_seconds=longest_seconds)
        except Unavailable as refusal:
            raise SpawnException(str(refusal), reason=f"gpus-{refusal.reason}", status_code=503) from refusal

    async def create_with_gpus(self, host_config: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        """Create the container with the leased GPUs among the rest.

        :param host_config: of docker-py's `create_host_config`; what it says of devices goes before the lease's.
        :param arguments: of docker-py's `create_container`.
        """
        pool, lease = self.gpu_pool, self.gpu_lease
        arguments["environment"] = {**arguments.get("environment", {}), **pool.environment(lease)}
        arguments["labels"] = {**arguments.get("labels", {}), **pool.labels(lease)}
        arguments["host_config"] = self.client.create_host_config(**{**pool.host_config(lease), **host_config})
        # A start that takes too long is cancelled while this call goes on in its thread; only then is the lease over.
        self._creation = creation = self.docker("create_container", **arguments)
        creation.add_done_callback(lambda _: pool.release(lease))
        created: dict[str, Any] = await asyncio.shield(creation)
        return created

    async def prove_gpus(self) -> None:
        """See that the leased devices are really in the container; engines differ in what they silently ignore.

        :raises SpawnException: they are not, or that could not be seen; `give_back_gpus` then removes the lab.
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
        self.log.error("%s in %s ended with %s", " ".join(command), self.container_name, ended_with)
        raise SpawnException(
            f"The engine did not give this lab its GPU ({names}), so it was stopped. "
            "Please tell the administrator: `make check` looks the GPUs over.",
            reason="gpus-missing",
            status_code=503,
        )

    async def give_back_gpus(self) -> None:
        """End a failed start's lease, and remove its container, whose label would hold the GPUs.

        An engine that takes its time is not waited for: what it still makes is removed when it comes.
        """
        lease, creation = self.gpu_lease, self._creation
        self._lease = None
        if not lease.devices:
            return
        if creation is None:
            self.gpu_pool.release(lease)
            return
        task = asyncio.get_running_loop().create_task(self._remove_made(creation))
        GPUSpawner._cleaning.add(task)
        task.add_done_callback(GPUSpawner._cleaning.discard)
        await asyncio.wait({task}, timeout=GIVE_BACK_SECONDS)

    async def _remove_made(self, creation: asyncio.Future[dict[str, Any]]) -> None:
        try:
            made = await creation
        except Exception:
            return  # nothing was made; why, the start itself has said
        for attempt in range(3):
            try:
                await self.docker("remove_container", made["Id"], v=True, force=True)
            except docker.errors.NotFound:
                return
            except (docker.errors.DockerException, OSError) as error:
                self.log.warning("%s of a failed start is not removed yet: %s", self.container_name, error)
                await asyncio.sleep(2**attempt)
            else:
                return

    async def _exit_code(self, command: list[str]) -> int:
        """Run a command in the lab's container, attached to nothing, and return how it ended."""
        nothing = {"stdin": False, "stdout": False, "stderr": False}
        execution = (await self.docker("exec_create", self.container_id, command, **nothing))["Id"]
        await self.docker("exec_start", execution, detach=True)
        while (state := await self.docker("exec_inspect", execution))["Running"] or state["ExitCode"] is None:
            await asyncio.sleep(PROOF_INTERVAL_SECONDS)
        return int(state["ExitCode"])

    async def _containers_with_gpus(self) -> list[dict[str, Any]]:
        """Every container of this deployment that is labelled with GPUs, ended ones too."""
        labels = [f"homeroom.deployment={self.deployment}", GPUS_LABEL]
        found: list[dict[str, Any]] = await self.docker("containers", all=True, filters={"label": labels})
        return found

    async def _remove_orphans(self, containers: Iterable[LabContainer]) -> bool:
        """Remove those that this hub knows nothing of, such as a start's during which a hub was killed.

        Nobody can reach such a lab: no route leads there. :returns: whether there was any.
        """
        recorded = self.user.db.query(RecordedLab).filter(RecordedLab.server_id.is_not(None))
        known = {(each.user.name, each.name) for each in recorded}
        for user in self.user.settings["users"].values():
            known |= {(user.name, name) for name, each in user.spawners.items() if each.pending or each.active}
        orphans = [each for each in containers if (each.user, each.server) not in known]
        for each in orphans:
            self.log.warning("Removing a lab of %s that no hub knows of; it holds %s", each.user, each.devices)
            with contextlib.suppress(docker.errors.NotFound):
                await self.docker("remove_container", each.id, v=True, force=True)
        return bool(orphans)
