"""LabSpawner: one container a lab, reached over a Unix socket, started when it really answers."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import math
import os
import secrets
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent
from typing import Any
from urllib.parse import urlsplit

import docker.errors
from jupyterhub.orm import Spawner as HubLab
from jupyterhub.orm import User as HubUser
from jupyterhub.utils import url_escape_path, url_path_join
from traitlets import Dict, Float, Integer, List, Unicode, default

from homeroom.contract import sockets
from homeroom.contract.home_names import directory_name
from homeroom.contract.labels import (
    CPUS_LABEL,
    DEPLOYMENT_LABEL,
    GPUS_LABEL,
    IDLE_LABEL,
    LONGEST_LABEL,
    MEMORY_LABEL,
    PROFILE_LABEL,
    SERVER_LABEL,
    USER_LABEL,
)
from homeroom.contract.mounts import Mount
from homeroom.contract.plain_text import plain
from homeroom.culling.culling import OUT_OF_MEMORY, UNOPENED, Facts, report_seconds, why_ended, why_over
from homeroom.labs import choice
from homeroom.labs.choice import size
from homeroom.labs.plan import LabPlan, Person, allowed_profiles, groups_of, most_labs, plan_for
from homeroom.queue.places import Estimate, Full, Key, Need, Places, Running
from homeroom.spawner.class_labs import ClassSpawner
from homeroom.spawner.engine_calls import EngineAway
from homeroom.spawner.no_lab import NoLab, explained
from homeroom.spawner.running import STATES, Recorded, orphans, running
from homeroom.spawner.turns import Turns
from homeroom.storage.storage import LabStorage, Share, home_source, storage_for

WATCH_INTERVAL_SECONDS = 0.02
ALIVE_INTERVAL_SECONDS = 0.5
ENGINE_THREADS = 8
ENDED = "homeroom_ended"
RESET = "homeroom_reset"
MOVED = (
    "The address of this hub has changed, and your lab knew the old one, so it was stopped. Please start it again; "
    "your files are all there."
)
INTERRUPTED = "The hub was restarted before your lab had started. Please start it again; your files are all there."
CPU_COUNTS = (
    "OMP_NUM_THREADS",  # numpy, scipy, PyTorch and whatever else is built on OpenMP; the command `nproc`
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "LOKY_MAX_CPU_COUNT",  # joblib and scikit-learn
    "PYTHON_CPU_COUNT",  # os.cpu_count() of Python 3.13
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "GOMAXPROCS",
    "MC_CORES",  # parallel of R
)
"""Variables that tell programs how many CPUs they have. A lab sees all of the machine's, and more threads than it has
CPU time for take memory and turns from each other. A profile's own environment takes their place."""
QUOTE = "  | "
"""Before each line of a lab's log in the hub's: who writes in a lab writes no line of the hub's."""
LONGEST_QUOTED = 500
RESET_SCRIPT = Path(__file__).with_name("lab_reset.sh").read_text(encoding="utf-8")


def plain_lines(log: bytes) -> str:
    """A lab's log as short lines that a terminal prints and does not obey: anything may be written there."""
    return "\n".join(plain(line[:LONGEST_QUOTED]) for line in log.decode(errors="replace").strip().splitlines())


class LabDied(NoLab):
    """The lab's container ended before the lab answered."""


class LabSpawner(ClassSpawner):
    """Starts each lab in a hardened container of its own.

    Differences from DockerSpawner that an administrator meets:

    - A lab listens on no network: its server opens a Unix socket in a directory of its own, which the hub and the
      proxy see too. `start` returns the moment the server answers there, or tells why the container ended.
    - Containers are removed when a lab stops, and nothing but the home and the operator's `volumes` outlives them.
    - The image is never pulled while a person waits: `make up` has it there.
    - `extra_host_config` and `extra_create_kwargs` are laid over the hardened container, last, as in DockerSpawner.
    """

    hub_socket_volume = Unicode(config=True, help="The volume that holds the hub's socket; mounted read-only.")
    lab_sockets_volume = Unicode(
        config=True, help="The volume that holds the labs' directories; a lab gets its own directory of it, no more."
    )
    pids_limit = Integer(1024, config=True, help="Processes and threads that a lab may have.")
    nofile_limit = Integer(
        4096,
        config=True,
        help="Files that a process of a lab may have open; the guard allows no more than LAB_OPEN_FILES.",
    )
    log_max_size = Unicode("5m", config=True, help="Size at which a container's log is cut; one older file is kept.")
    starts_at_once = Integer(
        config=True,
        help="""Labs that may be starting at a time, 4 or twice the CPUs by default. The others wait their turn: started
        all at once, each of a class's labs would be slower than the hub is ready to wait.""",
    )
    turn_seconds = Float(
        20.0,
        config=True,
        help="How long a lab that starts keeps its turn; one that takes longer goes on starting beside the others.",
    )
    home = Unicode("/home/jovyan", config=True, help="Where the home is in the lab.")
    homes = Unicode(
        "", config=True, help="Directory of the host that holds a directory each (HOMES); empty: a volume each."
    )
    shares = List(
        Dict(),
        config=True,
        help="Shared directories: see `homeroom.storage.storage.Share`. `make up` checks and renders them.",
    )
    skeleton = Unicode("", config=True, help="Host path of what each home is given at its first start; empty: nothing.")
    home_soft_limit = Integer(0, config=True, help="Bytes in a home above which its owner is warned; 0: never.")
    home_hard_limit = Integer(
        0, config=True, help="Bytes that a home cannot exceed; the guard sees to it; 0: no limit."
    )
    profiles = List(
        Dict(),
        config=True,
        help="""The kinds of labs that people choose from, the default first: `site/profiles.yaml` with every default
        filled in. With one that a person may take, their lab starts at once.""",
    )
    groups = Dict(config=True, help="What groups change for their members: `site/groups.yaml`, includes resolved.")
    labs_memory_bytes = Integer(
        0, config=True, help="Memory that all running labs together may be promised; 0: no end."
    )
    labs_cpus = Float(0.0, config=True, help="CPUs that all running labs together may be promised; 0: no end.")
    queue_seconds = Integer(1800, config=True, help="How long somebody waits in line for a place.")
    labs_per_person = Integer(1, config=True, help="Labs that a person may run at once, where no group says otherwise.")
    lab_start_seconds = Integer(120, config=True, help="How long a lab may take to answer once it has its place.")

    remove = True
    _executor: ThreadPoolExecutor | None = None
    _labs_mountpoint: str | None = None
    _places: Places | None = None
    _turns: Turns | None = None
    _name_token = ""
    _plan: LabPlan | None = None
    _reset = False
    ended = ""
    """Why the last lab ended, for its owner; empty where they stopped it themselves, and while one runs."""
    _clearing: asyncio.Task[None] | None = None

    @default("pull_policy")
    def _pull_policy_default(self) -> str:
        return "skip"

    @default("starts_at_once")
    def _starts_at_once_default(self) -> int:
        return max(4, 2 * (os.cpu_count() or 1))

    @default("name_template")
    def _name_template_default(self) -> str:
        return "{prefix}-{token}"

    @default("prefix")
    def _prefix_default(self) -> str:
        return f"{self.deployment}-jupyter"

    def template_namespace(self) -> dict[str, str]:
        """What names of containers are made of, in dockerspawner's words and one more, `{token}`: new with each start
        and told to nobody, since a container's name is what the engine's resolver tells other labs. Servers `A` and `a`
        are two, which dockerspawner takes for one."""
        self._name_token = self._name_token or secrets.token_hex(8)
        return {**super().template_namespace(), "servername": self.escape(self.name), "token": self._name_token}

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
    def key(self) -> Key:
        """Whose lab this is, among all labs."""
        return self.user.name, self.name

    @property
    def person(self) -> Person:
        """Who asks for the lab."""
        groups = frozenset(group.name for group in self.user.groups)
        return Person(name=self.user.name, hub_groups=groups, admin=bool(self.user.admin))

    @property
    def plan(self) -> LabPlan:
        """What the lab gets; decided anew at every start.

        :raises NoLab: the profile that was asked for is none of this person's.
        """
        if self._plan is None:
            self._plan = self._decide()
        return self._plan

    @property
    def most_labs(self) -> int:
        """How many labs this person may run at once."""
        return most_labs(self.groups, self.person, self.labs_per_person)

    def _check_count(self) -> None:
        """:raises NoLab: this would be one lab too many for this person."""
        others = [other for other in self.user.spawners.values() if other is not self and other.active]
        if len(others) + 1 > self.most_labs or (self.name and self.most_labs == 1):
            raise NoLab(
                "You have as many labs as you may have. Stop one of them first."
                if self.most_labs > 1
                else "You may have one lab only, the one without a name.",
                reason="too-many-labs",
                status_code=403,
            )

    def _decide(self) -> LabPlan:
        allowed = {profile["name"]: profile for profile in allowed_profiles(self.profiles, self.groups, self.person)}
        if not allowed:
            raise NoLab(
                "There is no kind of lab that you may start. Please ask the administrator.",
                reason="no-profile",
                status_code=403,
            )
        wanted = self.user_options.get("profile") or next(iter(allowed))
        if not isinstance(wanted, str) or wanted not in allowed:
            raise NoLab("This kind of lab is not yours to start.", reason="profile-forbidden", status_code=403)
        return plan_for(allowed[wanted], self.groups, self.person)

    @property
    def labels(self) -> dict[str, str]:
        """What tells whose container or volume it is; the truth from which everything is counted."""
        return {DEPLOYMENT_LABEL: self.deployment, USER_LABEL: self.user.name}

    @property
    def places(self) -> Places:
        """The line before the machine; one for all labs of the hub."""
        if LabSpawner._places is None:
            no_end = 2**62
            budget = Need(memory_bytes=self.labs_memory_bytes or no_end, cpus=self.labs_cpus or float(no_end))
            LabSpawner._places = Places(budget, self._running, self.make_room)
        return LabSpawner._places

    @property
    def turns(self) -> Turns:
        """What a start holds from its container's making until the lab answers, in the order of asking."""
        if LabSpawner._turns is None:
            LabSpawner._turns = Turns(self.starts_at_once, self.turn_seconds)
        return LabSpawner._turns

    async def _containers(self) -> tuple[list[dict[str, Any]], list[Recorded]]:
        """The labs' containers, ended ones too, and the labs in the hub's database. Containers that hold a place for
        nobody are removed: somebody may be waiting for it, or for their GPUs."""
        filters = {"label": [f"{DEPLOYMENT_LABEL}={self.deployment}", USER_LABEL]}
        containers = await self.docker("containers", all=True, filters=filters)
        recorded = self._recorded()
        lost = orphans([each for each in containers if each["State"] in STATES], recorded, time.time())
        for container in lost:
            self.log.warning("Removing %s, which no hub knows of", container["Names"])
            await self._remove_container(container["Id"])
        return [each for each in containers if each not in lost], recorded

    async def _running(self) -> dict[Key, Running]:
        """The labs whose containers are there, by their labels."""
        containers, recorded = await self._containers()
        return running([each for each in containers if each["State"] in STATES], recorded)

    async def _containers_with_gpus(self) -> list[dict[str, Any]]:
        """Those that hold GPUs."""
        containers, _ = await self._containers()
        return [each for each in containers if GPUS_LABEL in each["Labels"]]

    def _recorded(self) -> list[Recorded]:
        """The labs that run, start or stop, as far as the hub's database knows."""
        labs = self.user.db.query(HubUser.name, HubLab).filter(
            HubLab.user_id == HubUser.id, HubLab.server_id.is_not(None)
        )
        return [
            Recorded(
                key=(user, lab.name), container_id=(lab.state or {}).get("object_id"), last_activity=lab.last_activity
            )
            for user, lab in labs
        ]

    async def start(self) -> str:
        """Wait for a place, start the lab, and return its address once it answers.

        :raises NoLab: there is no such profile for this person, no place, or no image.
        :raises LabDied: the container ended first; the person is shown the end of its log.
        """
        try:
            self._check_count()
            self._plan = self._decide()
            self._facts = Facts.of(self._plan, self.class_start)
            self.ended = ""
            self.save_state()
            self.image = self._plan.image
            await self._remove_left_over()
            await self._wait_in_line(self._plan)
            address = await self.turns.take(self.user.name, self._start_in_place, self.lab_start_seconds)
            self.reset_at_start(False)
        except BaseException as error:
            self._clearing = asyncio.create_task(self._clear_away())
            if isinstance(error, asyncio.CancelledError):  # whoever gave up is not kept waiting
                raise
            await self._clearing
            if isinstance(error, TimeoutError):
                raise NoLab(
                    f"The lab did not answer within {self.lab_start_seconds} s. Please try again.",
                    reason="timeout",
                    status_code=504,
                ) from None
            raise
        self.places.release(self.key)
        return address

    async def _wait_in_line(self, plan: LabPlan) -> None:
        """Wait for GPUs, then for a place: who waits for a GPU keeps no memory from others meanwhile.

        :raises NoLab: neither fell free in time, or neither ever will.
        """
        deadline = time.monotonic() + self.queue_seconds
        await self.lease_gpus(plan.gpus, self.queue_seconds, longest_seconds=plan.longest_seconds)
        try:
            await self.places.wait_for(self.key, plan.need, deadline - time.monotonic())
        except Full as error:
            raise NoLab(str(error), reason="full", status_code=503) from None

    async def _clear_away(self) -> None:
        """Remove the container of a start that failed, also one that the engine is still making; then give the place
        back."""
        try:
            if self._creating:
                with contextlib.suppress(docker.errors.APIError, EngineAway):
                    await self._creating
            with contextlib.suppress(EngineAway):  # what is left then is an orphan
                await self._remove_container(self.container_name)
        finally:
            self.gpu_pool.release(self.gpu_lease)
            self.places.release(self.key)

    async def _remove_left_over(self) -> None:
        """Remove containers of this lab's starts before, which would stand in its own way."""
        labels = [f"{key}={value}" for key, value in {**self.labels, SERVER_LABEL: self.name}.items()]
        for container in await self.docker("containers", all=True, filters={"label": labels}):
            await self._remove_container(container["Id"])

    async def _remove_container(self, name: str) -> None:
        """Remove a container, whether it runs, is being removed or is not there at all."""
        try:
            await self.docker("remove_container", name, v=True, force=True)
        except docker.errors.APIError as error:
            if error.status_code not in (404, 409):
                self.log.warning("Cannot remove %s: %s", name, error)

    async def _start_in_place(self) -> str:
        try:
            if not self.plan.ephemeral and not self.homes:
                await self.docker("create_volume", self.home_volume, labels=self.labels)
            await super().start()
        except docker.errors.APIError as error:
            self.log.error("The lab of %s cannot be made: %s", self._log_name, error)
            raise explained(error, image=self.image, shares=self.shares) from error
        await self.prove_gpus()
        await self._until_it_answers()
        return sockets.url(self.socket_directory / "lab.sock")

    @property
    def line_position(self) -> int:
        """Position in line, for a GPU or for a place; 0 for who does not wait."""
        return self.gpu_pool.line.position(self.key) or self.places.position(self.key)

    @property
    def storage(self) -> LabStorage:
        """What this lab sees of the disk."""
        return storage_for(
            user=self.user.name,
            groups=groups_of(self.person, self.groups),
            home_source=home_source(self.homes, self.home_volume, directory_name(self.user.name)),
            home_target=self.home,
            ephemeral=self.plan.ephemeral,
            shares=[Share.from_trait(each) for each in self.shares],
            skeleton=self.skeleton,
            soft_limit_bytes=self.home_soft_limit,
            hard_limit_bytes=self.home_hard_limit,
        )

    @property
    def line_message(self) -> str:
        """What somebody in line is told; empty for who does not wait there."""
        if position := self.gpu_pool.line.position(self.key):
            return choice.line_message(position, self.gpu_pool.line.estimate(self.plan.gpus, self.key), what="GPUs")
        if position := self.places.position(self.key):
            need, key = self.plan.need, self.key
            return choice.line_message(position, self.places.estimate(need, key), short=self.places.short(need, key))
        return ""

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the waiting page shows: the position in line and when a place falls free, then that the lab starts."""
        first, shown, started = 0, "", 0.0
        while True:  # the hub ends it with the start
            if position := self.line_position:
                first, started = max(first, position), 0.0
                message = self.line_message
                if message != shown:
                    yield {"progress": choice.line_progress(position, first), "message": message}
                    shown = message
                await asyncio.sleep(1)
                continue
            if not started:
                started = time.monotonic()
                words = "It is your turn: the lab is starting." if shown else "It takes a few seconds."
                if self.turns.taken(self.user.name):
                    words = "Many labs are starting just now. Yours is among the next."
                yield {"progress": choice.start_progress(0), "message": words}
            await asyncio.sleep(0.5)
            yield {"progress": choice.start_progress(time.monotonic() - started)}

    async def stop(self, now: bool = False) -> None:
        """Stop the lab; where its time is over, keep that as the reason."""
        self.ended = self._why_over()
        await super().stop(now)

    async def poll(self) -> Any:
        """None while the lab runs, or while nobody can tell; else how it ended. The reason is kept for its owner."""
        try:
            status = await super().poll()
        except EngineAway:  # no reason to forget a lab: labs go on without the engine
            return None
        self.note_opening()
        if status is None and self._is_of_another_address:
            self.ended = MOVED
            return 0
        if status is not None and self._start_was_cut_off:
            self.ended = "" if self.unopened else INTERRUPTED  # who did not ask for it need not hear of it
        elif status is not None and self._facts is not None and not self.ended:
            container = await self.get_object()
            if container:
                self.ended = why_ended(container["State"], size(container.get("HostConfig", {}).get("Memory", 0)))
        return status

    @property
    def _is_of_another_address(self) -> bool:
        """Whether the lab was started under another BASE_URL than the hub has now: none of its pages is found."""
        name = url_escape_path(self.name)
        return self.server is not None and self.server.base_url != url_path_join(self.user.base_url, name, "/")

    @property
    def _start_was_cut_off(self) -> bool:
        """Whether the hub was killed while this lab started: it then knows of the lab, but not where it answers."""
        return self._check_pending and self.server is not None and self.server.proto != sockets.SCHEME

    async def get_url(self) -> str:
        """Where the lab answers. A start that was cut off is carried on: the hub, back again, waits there for the
        lab."""
        if self._start_was_cut_off:
            self.save_state()
            address = urlsplit(sockets.url(self.socket_directory / "lab.sock"))
            self.server.proto, self.server.ip, self.server.port = address.scheme, address.hostname or "", 80
            with contextlib.suppress(TimeoutError, LabDied):  # the hub looks itself what became of it
                await asyncio.wait_for(self._until_it_answers(), self.lab_start_seconds)
        url: str = self.server.url
        return url

    async def run_post_stop_hook(self) -> None:
        """However the lab ended, no container of it stays; of one that ended by itself the last words are kept."""
        if self._clearing:  # the next start has another spawner, which knows nothing of it
            await asyncio.shield(self._clearing)
        if self.object_id:
            words = indent(await self._last_words() or "it left no message", QUOTE)
            self.log.warning("Lab %s was not stopped by the hub; the end of its log:\n%s", self._log_name, words)
            await self._remove_container(self.object_id)
            self.object_id = ""
        hook = super().run_post_stop_hook()
        if inspect.isawaitable(hook):
            await hook

    def _why_over(self) -> str:
        record = self.orm_spawner
        if self._facts is None or not record.started or not record.last_activity:
            return ""
        if self.unopened:
            return UNOPENED
        present = datetime.now(UTC).replace(tzinfo=None)  # the hub's database knows no zones
        return why_over(
            self._facts,
            idle_for_seconds=(present - record.last_activity).total_seconds(),
            runs_for_seconds=(present - record.started).total_seconds(),
            now=time.time(),
        )

    def reset_at_start(self, wanted: bool) -> None:
        """Whether the next start that succeeds sets aside what the person installed and configured: `lab_reset.sh`."""
        if wanted != self._reset:
            self._reset = wanted
            self.save_state()

    async def get_command(self) -> list[str]:
        """The image's command, after what readies the home; before both a reset, where its owner asked for it."""
        command = self.storage.command(await super().get_command())
        if self._reset:
            return ["/bin/sh", "-c", RESET_SCRIPT, "lab", *command]
        return command

    async def _options_form(self, spawner: Any) -> str:
        """The page on which people choose; empty, so that the lab starts at once, where there is no choice."""
        profiles = allowed_profiles(self.profiles, self.groups, self.person)
        if len(profiles) == 1:
            return ""
        plans = [plan_for(profile, self.groups, self.person) for profile in profiles]
        used = await self.places.used()
        if any(plan.gpus for plan in plans):
            await self.gpu_pool.refresh()
        return choice.form(
            profiles,
            plans,
            used,
            self.places.budget,
            chosen=self.user_options.get("profile", ""),
            estimates=[self._estimate(plan) for plan in plans],
            gpu_places=[self._gpu_places(plan.gpus) if plan.gpus else None for plan in plans],
        )

    def _gpu_places(self, count: int) -> int:
        """How many labs would find their GPUs now: none while others wait for theirs."""
        return 0 if len(self.gpu_pool.line) else self.gpu_pool.places(count)

    def _estimate(self, plan: LabPlan) -> Estimate:
        """When the next place for such a lab falls free: a GPU's place where it is GPUs that it waits for."""
        if plan.gpus and not self._gpu_places(plan.gpus):
            return self.gpu_pool.line.estimate(plan.gpus)
        return self.places.estimate(plan.need)

    @default("options_form")
    def _options_form_default(self) -> Any:
        return self._options_form

    @default("options_from_form")
    def _options_from_form_default(self) -> Any:
        return lambda form: {"profile": form.get("profile", [""])[0]}

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
        lines = await self._last_words()
        self.log.error("Lab %s ended before it answered:\n%s", self._log_name, indent(lines, QUOTE))
        last = lines.splitlines()[-1] if lines else "it left no message"
        if self.ended.startswith(OUT_OF_MEMORY):
            return LabDied(self.ended, reason="memory", status_code=500)
        return LabDied(f"The lab ended before it answered: {last}", reason="died", status_code=500)

    async def _last_words(self) -> str:
        """The end of the lab's log; empty where there is none."""
        try:
            log: bytes = await self.docker("logs", self.container_id, stdout=True, stderr=True, tail=20)
        except (docker.errors.APIError, EngineAway):
            return ""
        return plain_lines(log)

    def get_args(self) -> list[str]:
        """The server's arguments: its socket, then what the configuration adds.

        The first has no slash: Jupyter looks for a program that is named after it, and what has a slash it would look
        for in the home.
        """
        socket_args = ["--ServerApp.sock_mode=0660", f"--ServerApp.sock={sockets.LAB / 'lab.sock'}"]
        return socket_args + self._kernel_args() + list(super().get_args())

    def _kernel_args(self) -> list[str]:
        """When the lab stops idle kernels: also those that a page has open, never one in which a cell runs."""
        seconds = self.plan.kernel_idle_seconds
        if not seconds:
            return []
        manager = "--MappingKernelManager"
        return [
            f"{manager}.cull_idle_timeout={seconds}",
            f"{manager}.cull_interval={max(1, min(300, seconds // 4))}",
            f"{manager}.cull_connected=True",
        ]

    def get_state(self) -> dict[str, Any]:
        """What the hub keeps of a lab: the facts that its end is decided by, and what its owner is to find next."""
        state: dict[str, Any] = super().get_state() | (self.facts.as_state() if self.facts else {})
        state["object_name"] = (
            self.object_name
        )  # also before there is a container: a hub that is killed finds it by this
        return state | ({ENDED: self.ended} if self.ended else {}) | ({RESET: True} if self._reset else {})

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what `get_state` gave, after a restart of the hub."""
        super().load_state(state)
        self._facts = Facts.from_state(state)
        self.ended = state.get(ENDED, "")
        self._reset = state.get(RESET, False)

    def clear_state(self) -> None:
        """Forget the lab that ran, but not why it ended, nor that a reset is asked for."""
        super().clear_state()
        self._name_token = ""
        self.object_name = self._object_name_default()
        self._facts = None

    async def create_object(self) -> dict[str, Any]:
        """Create the container."""
        host_config = await self._evaluated(self.extra_host_config)
        create = await self._evaluated(self.extra_create_kwargs)
        mountpoint = await self._mountpoint()
        arguments: dict[str, Any] = {
            "image": self.plan.image,
            "name": self.container_name,
            "command": await self.get_command(),
            "environment": self.get_env(),
            "labels": self.labels | self._promises(),
            "hostname": "lab",
            "working_dir": "/",  # from where the start script goes home, also into one that was closed
            "healthcheck": {"test": ["NONE"]},
            "volumes": self.volume_mount_points,
            **create,
        }
        return await self.create_with_gpus(self._host_config(mountpoint) | host_config, **arguments)

    def _promises(self) -> dict[str, str]:
        """The labels that tell what this lab was promised, for whoever counts."""
        return {
            SERVER_LABEL: self.name,
            PROFILE_LABEL: self.plan.profile,
            MEMORY_LABEL: str(self.plan.memory_bytes),
            CPUS_LABEL: f"{self.plan.cpus:g}",
            IDLE_LABEL: str(self.plan.idle_seconds),
            LONGEST_LABEL: str(self._longest_seconds),
        }

    @property
    def _longest_seconds(self) -> int:
        """How long the container runs at the longest, the time before a lesson included; 0: no end."""
        before_lesson = max(0, int(self.class_start.lesson_at - time.time())) if self.class_start else 0
        return self.plan.longest_seconds and self.plan.longest_seconds + before_lesson

    def get_env(self) -> dict[str, str]:
        """The lab's environment: the hub's, limits, what profile and groups add, what the start script is told."""
        environment: dict[str, str] = super().get_env()
        limits = {"MEM_LIMIT": str(self.plan.memory_bytes), "CPU_LIMIT": f"{self.plan.cpus:g}"}
        limits |= dict.fromkeys(CPU_COUNTS, str(min(math.ceil(self.plan.cpus), os.cpu_count() or 1)))
        reports = {"JUPYTERHUB_ACTIVITY_INTERVAL": str(report_seconds(self.plan.idle_seconds))}
        return environment | limits | reports | dict(self.plan.environment) | dict(self.storage.environment)

    def _host_config(self, mountpoint: str) -> dict[str, Any]:
        """The limits, mounts and locks of a lab's container."""
        binds = {
            self.hub_socket_volume: {"bind": str(sockets.HUB), "mode": "ro"},
            f"{mountpoint}/{self.socket_directory.name}": {"bind": str(sockets.LAB), "mode": "rw"},
        }
        plan = self.plan
        limits: dict[str, Any] = {
            "pids_limit": self.pids_limit,
            "mem_limit": plan.memory_bytes,
            "memswap_limit": plan.memory_bytes,
            "shm_size": min(plan.shm_bytes, plan.memory_bytes),
            "cpu_period": 100_000,
            "cpu_quota": int(plan.cpus * 100_000),
        }
        files = self.nofile_limit
        ulimits = [{"Name": "core", "Soft": 0, "Hard": 0}, {"Name": "nofile", "Soft": files, "Hard": files}]
        return limits | {
            "binds": binds | self.volume_binds,
            "mounts": [*self.mount_binds, *self._storage_mounts()],
            "network_mode": "none" if plan.network == "none" else self.network_name,
            "init": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "group_add": [sockets.SHARED_GROUP],
            "ulimits": ulimits,
            "log_config": {"Type": "json-file", "Config": {"max-size": self.log_max_size, "max-file": "2"}},
        }

    def _storage_mounts(self) -> list[dict[str, Any]]:
        """Home and shares, in the engine's form: one volume may be in two places, which `binds` could not say."""
        storage = self.storage
        home: tuple[Mount, ...] = (storage.home,) if storage.home else ()
        return [
            {
                "Type": "bind" if mount.source.startswith("/") else "volume",
                "Source": mount.source,
                "Target": mount.target,
                "ReadOnly": mount.read_only,
            }
            for mount in (*home, *storage.mounts)
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
