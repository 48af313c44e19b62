"""LabSpawner: one container a lab, reached over a Unix socket, started when it really answers."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker.errors
from dockerspawner import DockerSpawner
from jupyterhub.spawner import SpawnException
from traitlets import Bool, Dict, Integer, List, Unicode, default

from homeroom import sockets
from homeroom.create_body import Mount
from homeroom.homes import directory_name
from homeroom.storage import LabStorage, Share, home_source, storage_for

WATCH_INTERVAL_SECONDS = 0.02
ALIVE_INTERVAL_SECONDS = 0.5
ENGINE_THREADS = 8


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
    home = Unicode("/home/jovyan", config=True, help="Where the home is in the lab.")
    homes = Unicode(
        "", config=True, help="Directory of the host that holds a directory each (HOMES); empty: a volume each."
    )
    shares = List(
        Dict(), config=True, help="Shared directories: see `homeroom.storage.Share`. `make up` checks and renders them."
    )
    skeleton = Unicode("", config=True, help="Host path of what each home is given at its first start; empty: nothing.")
    home_soft_limit = Integer(0, config=True, help="Bytes in a home above which its owner is warned; 0: never.")
    home_hard_limit = Integer(
        0, config=True, help="Bytes that a home cannot exceed; the guard sees to it; 0: no limit."
    )
    ephemeral = Bool(False, config=True, help="Whether the home is thrown away together with the lab.")

    remove = True
    _executor: ThreadPoolExecutor | None = None
    _labs_mountpoint: str | None = None

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
        if self.storage.home and not self.homes:
            await self.docker("create_volume", self.home_volume, labels=self.labels)
        try:
            await super().start()
        except docker.errors.ImageNotFound as error:
            raise SpawnException(
                f"The image {self.image} is not on this machine. Please tell the administrator: `make up` gets it.",
                reason="image-missing",
            ) from error
        except docker.errors.APIError as error:
            raise self._explained(error) from error
        await self._until_it_answers()
        return sockets.url(self.socket_directory / "lab.sock")

    # -- Storage: the one place where a lab's plan (profile, groups) meets its disk ------------------------------------

    @property
    def storage(self) -> LabStorage:
        """What this lab sees of the disk. Once labs have plans, groups and `ephemeral` come from the plan."""
        return storage_for(
            user=self.user.name,
            groups=self._groups(),
            home_source=home_source(self.homes, self.home_volume, directory_name(self.user.name)),
            home_target=self.home,
            ephemeral=self.ephemeral,
            shares=[Share.from_trait(each) for each in self.shares],
            skeleton=self.skeleton,
            soft_limit_bytes=self.home_soft_limit,
            hard_limit_bytes=self.home_hard_limit,
        )

    def _groups(self) -> frozenset[str]:
        """The groups of the hub that the person is in now."""
        return frozenset(group.name for group in self.user.groups)

    def _explained(self, error: Any) -> Any:
        """The engine's refusal to make the lab as a page's sentence, where it is about the disk."""
        said = str(error.explanation or error)
        for share in self.shares:
            if f"source path does not exist: {share['source']}" in said:
                return SpawnException(
                    f"The shared directory {share['name']} is not there at the moment. Please tell the administrator.",
                    reason="share-missing",
                )
        if "the home cannot be made" in said:
            self.log.error("The home of %s cannot be held: %s", self.user.name, said)
            return SpawnException(
                "Your home directory could not be made ready. Please tell the administrator; the hub's log has more.",
                reason="home",
            )
        return error

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

    async def get_command(self) -> list[str]:
        """The image's command, after a script of ours that readies the home."""
        return self.storage.command(await super().get_command())

    def get_env(self) -> dict[str, str]:
        """The lab's environment, with what the start script is told."""
        return dict(super().get_env()) | dict(self.storage.environment)

    def get_args(self) -> list[str]:
        """The server's arguments: its socket, then what the configuration adds."""
        socket_args = [f"--ServerApp.sock={sockets.LAB / 'lab.sock'}", "--ServerApp.sock_mode=0660"]
        return socket_args + list(super().get_args())

    async def create_object(self) -> dict[str, Any]:
        """Create the container."""
        host_config = await self._evaluated(self.extra_host_config)
        create = await self._evaluated(self.extra_create_kwargs)
        mountpoint = await self._mountpoint()
        arguments: dict[str, Any] = {
            "image": self.image,
            "name": self.container_name,
            "command": await self.get_command(),
            "environment": self.get_env(),
            "labels": self.labels | {"homeroom.server": self.name},
            "hostname": "lab",
            "healthcheck": {"test": ["NONE"]},
            "volumes": self.volume_mount_points,
            **create,
            "host_config": self.client.create_host_config(**(self._host_config(mountpoint) | host_config)),
        }
        created: dict[str, Any] = await self.docker("create_container", **arguments)
        return created

    def _host_config(self, mountpoint: str) -> dict[str, Any]:
        """The limits, mounts and locks of a lab's container."""
        binds = {
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
            "mounts": [*self.mount_binds, *self._storage_mounts()],
            "network_mode": self.network_name,
            "init": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "group_add": [sockets.SHARED_GROUP],
            "ulimits": ulimits,
            "log_config": {"Type": "json-file", "Config": {"max-size": self.log_max_size, "max-file": "2"}},
        }

    def _storage_mounts(self) -> list[dict[str, Any]]:
        """Home and shares, in the engine's form: one volume may be in two places, which `binds` could not say."""
        home: tuple[Mount, ...] = (self.storage.home,) if self.storage.home else ()
        return [
            {
                "Type": "bind" if mount.source.startswith("/") else "volume",
                "Source": mount.source,
                "Target": mount.target,
                "ReadOnly": mount.read_only,
            }
            for mount in (*home, *self.storage.mounts)
        ]

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
