"""LabSpawner: one container a lab, reached over a Unix socket, started when it really answers."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker.errors
from dockerspawner import DockerSpawner
from jupyterhub import orm
from jupyterhub.spawner import SpawnException
from traitlets import Integer, Unicode, default

from homeroom import sockets
from homeroom.gpus import GPUPool, Lease, Unavailable
from homeroom.leases import GPUS_LABEL, LabContainer

WATCH_INTERVAL_SECONDS = 0.02
ALIVE_INTERVAL_SECONDS = 0.5
ENGINE_THREADS = 8
PROOF_SECONDS = 30
GIVE_BACK_SECONDS = 20


class LabDied(SpawnException):
    """The lab's container ended before the lab answered."""


class LabSpawner(DockerSpawner):
    """Starts each lab in a hardened container of its own.

    Differences from DockerSpawner that an administrator meets:

    - A lab listens on no network: its server opens a Unix socket in a directory of its own, which the hub and the
      proxy see too. `start` returns the moment the server answers there, or tells why the container ended.
    - Containers are removed when a lab stops, and nothing but the home and the operator's `volumes` outlives them.
    - The image is never pulled while a person waits: `make up` has it there.
    - `extra_host_config` and `extra_create_kwargs` are laid over the hardened container, last, as in DockerSpawner.
    """

    deployment = Unicode(
        config=True,
        help="""Name of the deployment (COMPOSE_PROJECT_NAME). Containers and volumes are named and labelled by it.""",
    )
    hub_socket_volume = Unicode(config=True, help="The volume that holds the hub's socket; mounted read-only.")
    lab_sockets_volume = Unicode(
        config=True, help="The volume that holds the labs' directories; a lab gets its own directory of it, no more."
    )
    pids_limit = Integer(1024, config=True, help="Processes and threads that a lab may have.")
    nofile_limit = Integer(
        0, config=True, help="Files that a process of a lab may have open; 0: what the engine gives every container."
    )
    log_max_size = Unicode("5m", config=True, help="Size at which a container's log is cut; one older file is kept.")
    gpus = Integer(0, min=0, config=True, help="GPUs, or slots of shared ones, that a lab is given by `GPUPool`.")
    home = Unicode("/home/jovyan", config=True, help="Where the home volume is mounted in the lab.")

    remove = True
    _executor: ThreadPoolExecutor | None = None
    _labs_mountpoint: str | None = None
    _cleaning: set[asyncio.Task[None]] = set()
    _lease: Lease | None = None
    _creation: asyncio.Future[dict[str, Any]] | None = None

    @default("pull_policy")
    def _pull_policy_default(self) -> str:
        return "skip"

    @default("name_template")
    def _name_template_default(self) -> str:
        return "{prefix}-{username}--{servername}" if self.name else "{prefix}-{username}"

    @default("prefix")
    def _prefix_default(self) -> str:
        return f"{self.deployment}-jupyter"

    @property
    def executor(self) -> ThreadPoolExecutor:
        """Threads for engine calls: several, since one would make everybody wait for the slowest call."""
        if LabSpawner._executor is None:
            LabSpawner._executor = ThreadPoolExecutor(ENGINE_THREADS, thread_name_prefix="engine")
        return LabSpawner._executor

    @property
    def gpu_pool(self) -> GPUPool:
        """The pool that all spawners of this hub share."""
        pool: GPUPool = GPUPool.instance(parent=None, config=self.config)
        if pool.list_containers is None:
            pool.list_containers = self._containers_with_gpus
            pool.remove_orphans = self._remove_orphans
        return pool

    async def _containers_with_gpus(self) -> list[dict[str, Any]]:
        """Every container of this deployment that is labelled with GPUs, ended ones too."""
        labels = [f"homeroom.deployment={self.deployment}", GPUS_LABEL]
        found: list[dict[str, Any]] = await self.docker("containers", all=True, filters={"label": labels})
        return found

    async def _remove_orphans(self, containers: Iterable[LabContainer]) -> bool:
        """Remove those that this hub knows nothing of, such as a start's during which a hub was killed.

        Nobody can reach such a lab: no route leads there. :returns: whether there was any.
        """
        recorded = self.user.db.query(orm.Spawner).filter(orm.Spawner.server_id.is_not(None))
        known = {(each.user.name, each.name) for each in recorded}
        for user in self.user.settings["users"].values():
            known |= {(user.name, name) for name, each in user.spawners.items() if each.pending or each.active}
        orphans = [each for each in containers if (each.user, each.server) not in known]
        for orphan in orphans:
            self.log.warning(
                "Removing the orphan lab %r of %r, which holds %s", orphan.server, orphan.user, orphan.devices
            )
            with contextlib.suppress(docker.errors.NotFound):
                await self.docker("remove_container", orphan.id, v=True, force=True)
        return bool(orphans)

    @property
    def home_volume(self) -> str:
        """Name of the person's home volume; all their named servers share it."""
        return f"{self.deployment}-user-{self.escaped_name}"

    @property
    def socket_directory(self) -> Path:
        """This lab's directory as the hub and the proxy see it."""
        return sockets.LABS / sockets.directory_name(self.user.name, self.name)

    @property
    def labels(self) -> dict[str, str]:
        """What tells whose container or volume it is; the truth from which everything is counted."""
        return {"homeroom.deployment": self.deployment, "homeroom.user": self.user.name}

    async def start(self) -> str:
        """Start the lab; returns its address once it answers.

        :raises LabDied: the container ended first; the person is shown the end of its log.
        """
        try:
            await self._lease_gpus()
            return await self._start_leased()
        except BaseException:  # also the cancellation that a start meets when it takes too long
            await self._give_back_gpus()
            raise

    async def _start_leased(self) -> str:
        """Start the lab with the GPUs it has a lease of."""
        await self.docker("create_volume", self.home_volume, labels=self.labels)
        try:
            await super().start()
        except docker.errors.ImageNotFound as error:
            raise SpawnException(
                f"The image {self.image} is not on this machine. Please tell the administrator: `make up` gets it.",
                reason="image-missing",
            ) from error
        await self._prove_gpus()
        await self._until_it_answers()
        return sockets.url(self.socket_directory / "lab.sock")

    async def _lease_gpus(self) -> None:
        """Reserve what the lab needs. :raises SpawnException: there is nothing to be had, with the reason."""
        self._creation = None
        try:
            self._lease = await self.gpu_pool.lease(self.user.name, self.name, self.gpus)
        except Unavailable as refusal:
            raise SpawnException(str(refusal), reason=f"gpus-{refusal.reason}") from refusal

    async def _give_back_gpus(self) -> None:
        """End a failed start's lease, and remove its container, whose label would hold the GPUs.

        An engine that takes its time is not waited for: what it still makes is removed when it comes.
        """
        lease, creation = self._lease, self._creation
        self._lease = None
        if lease is None or not lease.devices:
            return
        if creation is None:
            self.gpu_pool.release(lease)
            return
        task = asyncio.get_running_loop().create_task(self._remove_made(creation))
        LabSpawner._cleaning.add(task)
        task.add_done_callback(LabSpawner._cleaning.discard)
        await asyncio.wait({task}, timeout=GIVE_BACK_SECONDS)

    async def _remove_made(self, creation: asyncio.Future[dict[str, Any]]) -> None:
        """Remove what a failed start has made; its label holds GPUs as long as it is there."""
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

    async def _prove_gpus(self) -> None:
        """See that the leased devices are really in the container; engines differ in what they silently ignore.

        :raises SpawnException: they are not, or that could not be seen; `start` then removes the lab.
        """
        lease = self._lease
        command = self.gpu_pool.proof(lease) if lease else []
        if not command or lease is None:
            return
        names = ", ".join(device.title for device in self.gpu_pool.devices(lease))
        try:
            async with asyncio.timeout(PROOF_SECONDS):
                code = await self._exit_code(command)
        except (docker.errors.APIError, TimeoutError) as error:
            self.log.error("Whether %s is in %s could not be seen: %s", names, self.container_name, error)
            code = None
        if code == 0:
            return
        self.log.error("%s in %s ended with %s", " ".join(command), self.container_name, code)
        raise SpawnException(
            f"The engine did not give this lab its GPU ({names}), so it was stopped. "
            "Please tell the administrator: `make check` shows what is wrong.",
            reason="gpus-missing",
        )

    async def _exit_code(self, command: list[str]) -> int:
        """Run a command in the lab's container, attached to nothing, and return how it ended."""
        nothing = {"stdin": False, "stdout": False, "stderr": False}
        execution = (await self.docker("exec_create", self.container_id, command, **nothing))["Id"]
        await self.docker("exec_start", execution, detach=True)
        while (state := await self.docker("exec_inspect", execution))["Running"] or state["ExitCode"] is None:
            await asyncio.sleep(WATCH_INTERVAL_SECONDS)
        return int(state["ExitCode"])

    async def get_ip_and_port(self) -> tuple[str, int]:
        """Nothing to ask the engine: a lab has no port."""
        return "", 0

    async def _until_it_answers(self) -> None:
        """Wait until the server accepts connections; `start_timeout` bounds it from outside."""
        loop = asyncio.get_running_loop()
        check_alive_at = loop.time() + ALIVE_INTERVAL_SECONDS
        while not await self._accepts():
            if loop.time() >= check_alive_at:
                if await self.poll() is not None:
                    raise await self._death()
                check_alive_at = loop.time() + ALIVE_INTERVAL_SECONDS
            await asyncio.sleep(WATCH_INTERVAL_SECONDS)

    async def _accepts(self) -> bool:
        socket = self.socket_directory / "lab.sock"
        if not sockets.is_socket(socket):
            return False
        try:
            _, writer = await asyncio.open_unix_connection(socket)
        except OSError:
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    async def _death(self) -> LabDied:
        """The reason why the container ended, for the hub's log and the person's page."""
        lines = ""
        with contextlib.suppress(docker.errors.APIError):
            log: bytes = await self.docker("logs", self.container_id, stdout=True, stderr=True, tail=20)
            lines = log.decode(errors="replace").strip()
        self.log.error("Lab %s ended before it answered:\n%s", self.container_name, lines)
        last = lines.splitlines()[-1] if lines else "it left no message"
        return LabDied(f"The lab ended before it answered: {last}", reason="died")

    def get_args(self) -> list[str]:
        """The server's arguments: its socket, then what the configuration adds."""
        socket_args = [f"--ServerApp.sock={sockets.LAB / 'lab.sock'}", "--ServerApp.sock_mode=0660"]
        return socket_args + list(super().get_args())

    async def create_object(self) -> dict[str, Any]:
        """Create the container."""
        host_config = await self._evaluated(self.extra_host_config)
        create = await self._evaluated(self.extra_create_kwargs)
        mountpoint = await self._mountpoint()
        pool, lease = self.gpu_pool, self._lease or Lease(user=self.user.name, server=self.name, devices=())
        arguments: dict[str, Any] = {
            "image": self.image,
            "name": self.container_name,
            "command": await self.get_command(),
            "environment": self.get_env() | pool.environment(lease),
            "labels": self.labels | {"homeroom.server": self.name} | pool.labels(lease),
            "hostname": "lab",
            "healthcheck": {"test": ["NONE"]},
            "volumes": self.volume_mount_points,
            **create,
            "host_config": self.client.create_host_config(
                **(self._host_config(mountpoint) | pool.host_config(lease) | host_config)
            ),
        }
        # Shielded: a start that takes too long is cancelled while its thread goes on, and only then is its lease over.
        self._creation = creation = self.docker("create_container", **arguments)
        creation.add_done_callback(lambda _: pool.release(lease))
        created: dict[str, Any] = await asyncio.shield(creation)
        return created

    def _host_config(self, mountpoint: str) -> dict[str, Any]:
        """The limits, mounts and locks of a lab's container."""
        binds = {
            self.home_volume: {"bind": self.home, "mode": "rw"},
            self.hub_socket_volume: {"bind": str(sockets.HUB), "mode": "ro"},
            f"{mountpoint}/{self.socket_directory.name}": {"bind": str(sockets.LAB), "mode": "rw"},
        }
        limits: dict[str, Any] = {"pids_limit": self.pids_limit}
        if self.mem_limit:
            limits |= {"mem_limit": self.mem_limit, "memswap_limit": self.mem_limit}
        if self.cpu_limit:
            limits |= {"cpu_period": 100_000, "cpu_quota": int(self.cpu_limit * 100_000)}
        ulimits = [{"Name": "core", "Soft": 0, "Hard": 0}]
        if self.nofile_limit:
            ulimits.append({"Name": "nofile", "Soft": self.nofile_limit, "Hard": self.nofile_limit})
        return limits | {
            "binds": binds | self.volume_binds,
            "mounts": self.mount_binds,
            "network_mode": self.network_name,
            "init": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "group_add": [sockets.SHARED_GROUP],
            "ulimits": ulimits,
            "log_config": {"Type": "json-file", "Config": {"max-size": self.log_max_size, "max-file": "2"}},
        }

    async def _evaluated(self, value: Any) -> dict[str, Any]:
        """A trait that may be a callable, even an async one, with its templates filled in."""
        value = self._eval_if_callable(value)
        if inspect.isawaitable(value):
            value = await value
        rendered: dict[str, Any] = self._render_templates(value)
        return rendered

    async def _mountpoint(self) -> str:
        """Where the engine keeps the labs' directories; asked once."""
        if LabSpawner._labs_mountpoint is None:
            volume = await self.docker("inspect_volume", self.lab_sockets_volume)
            LabSpawner._labs_mountpoint = volume["Mountpoint"]
        return LabSpawner._labs_mountpoint
