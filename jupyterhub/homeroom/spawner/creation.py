"""LabCreation: the lab's container is made, hardened, with what `container` says it has."""

from __future__ import annotations

import inspect
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from homeroom.gpus.lab_gpus import LabGPUs
from homeroom.gpus.pool import GPUPool
from homeroom.spawner import container
from homeroom.spawner.containers import LabContainers, recorded_labs
from homeroom.spawner.identity import LabIdentity
from homeroom.spawner.memory_use import MemoryUse
from homeroom.spawner.running import Recorded

ENGINE_THREADS = 8
EXAM_REPORT_SECONDS = 30
"""How often the lab of an exam tells when it was last used: whoever invigilates sees who sits idle."""
EXAM_ROLE = "exam"
"""The role of a lab in which an exam is sat, whoever's it is."""


class LabCreation(LabIdentity):
    """What the engine is asked for. Its parts are `gpus`, `memory_use`, and `containers`, which are those of all
    labs."""

    _executor: ThreadPoolExecutor | None = None
    _labs_mountpoint: str | None = None

    @property
    def executor(self) -> ThreadPoolExecutor:
        """Threads for engine calls: several, since one would make all starts wait for the slowest call."""
        if LabCreation._executor is None:
            LabCreation._executor = ThreadPoolExecutor(ENGINE_THREADS, thread_name_prefix="engine")
        return LabCreation._executor

    @property
    def gpu_pool(self) -> GPUPool:
        """The pool that all spawners of this hub share."""
        pool: GPUPool = GPUPool.instance(config=self.config)
        if pool.list_containers is None:
            pool.list_containers = self.containers.with_gpus
            pool.remove_orphans = self.containers.remove_orphans_with_gpus
        return pool

    @cached_property
    def gpus(self) -> LabGPUs:
        """The GPUs of this lab."""
        return LabGPUs(self.gpu_pool, self, self.log)

    @cached_property
    def memory_use(self) -> MemoryUse:
        """The memory that this lab takes."""
        return MemoryUse(self)

    @cached_property
    def containers(self) -> LabContainers:
        """The containers of all labs."""
        return LabContainers(self, self.deployment, self._recorded)

    def _recorded(self) -> list[Recorded]:
        return recorded_labs(self.user.db)

    async def create_object(self) -> dict[str, Any]:
        """Create the container."""
        added_to_host = await self._evaluated(self.extra_host_config)
        added = await self._evaluated(self.extra_create_kwargs)
        host_config = await self._host_config()
        arguments: dict[str, Any] = {
            "image": self.plan.image,
            "name": self.container_name,
            "command": await self.get_command(),
            "environment": self.get_env(),
            "labels": self.labels | container.reservation_labels(self.plan, self.name, self.prewarm.start),
            "hostname": "lab",
            "working_dir": "/",  # from where the start script goes home, also into one that was closed
            "healthcheck": {"test": ["NONE"]},
            "volumes": self.volume_mount_points,
            **added,
        }
        return await self.gpus.create(host_config | added_to_host, **arguments)

    async def _host_config(self) -> dict[str, Any]:
        """The limits, mounts and locks of the container."""
        directory = f"{await self._mountpoint()}/{self.socket_directory.name}"
        limits = container.limits(self.plan, pids=self.pids_limit, open_files=self.nofile_limit)
        locks = container.locks(self.plan, network=self.network_name, log_max_size=self.log_max_size)
        mounts = {
            "binds": container.socket_binds(self.hub_socket_volume, directory) | self.volume_binds,
            "mounts": [*self.mount_binds, *container.storage_mounts(self.storage)],
        }
        return limits | locks | mounts

    async def get_command(self) -> list[str]:
        """The image's command, after what readies the home."""
        return container.command(await super().get_command(), self.storage, reset=self.kept.reset)

    def get_env(self) -> dict[str, str]:
        """The lab's environment: the hub's, limits, what profile and groups add, what the start script is told."""
        environment: dict[str, str] = super().get_env()
        environment["JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED"] = "0"  # a lab's cookies are of its own path alone
        role = EXAM_ROLE if self.is_exam else self.role_of(self.person) if self.role_of is not None else ""
        said = container.environment(self.plan, self.storage, role=role, shared=self.is_shared)
        if self.is_exam:
            said["JUPYTERHUB_ACTIVITY_INTERVAL"] = str(EXAM_REPORT_SECONDS)
        return environment | said

    def get_args(self) -> list[str]:
        """The server's arguments: its socket, then what the configuration adds."""
        return container.arguments(self.plan, shared=self.is_shared, exam=self.is_exam) + list(super().get_args())

    async def get_ip_and_port(self) -> tuple[str, int]:
        """Nothing to ask the engine: a lab has no port."""
        return "", 0

    async def _evaluated(self, value: Any) -> dict[str, Any]:
        """A trait that may be a callable, even an async one, with its templates filled in."""
        value = self._eval_if_callable(value)
        if inspect.isawaitable(value):
            value = await value
        rendered: dict[str, Any] = self._render_templates(value)
        return rendered

    async def _mountpoint(self) -> str:
        """Where the engine keeps the labs' directories; asked once."""
        if LabCreation._labs_mountpoint is None:
            volume = await self.docker("inspect_volume", self.lab_sockets_volume)
            LabCreation._labs_mountpoint = volume["Mountpoint"]
        return LabCreation._labs_mountpoint
