"""LabSpawner: one container a lab, reached over a Unix socket, started when it really answers."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import time
from collections.abc import AsyncIterator
from textwrap import indent
from typing import Any
from urllib.parse import urlsplit

import docker.errors
from jupyterhub.utils import url_escape_path, url_path_join
from traitlets import default

from homeroom.contract import sockets
from homeroom.culling.culling import LabState
from homeroom.gpus.lab_gpus import NoGPUs
from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import Key, Resources
from homeroom.queue.set_aside import SetAside
from homeroom.queue.start_queue import StartQueue
from homeroom.shared_labs import shared_lab
from homeroom.spawner import admission, ending, eviction, progress, readiness
from homeroom.spawner.creation import LabCreation
from homeroom.spawner.no_lab import NoLab, explained
from homeroom.spawner.outcomes import MemoryKill, tell
from homeroom.spawner.retrying import EngineAway
from homeroom.spawner.start import Start
from homeroom.spawner.start_slots import StartSlots
from homeroom.texts.said import NOTHING, Said


def is_set_aside_for(key: Key) -> bool:
    """Whether capacity is set aside for a lab."""
    lab = shared_lab.of(key[0])
    return lab is not None and lab.set_aside


class LabSpawner(LabCreation):
    """Starts each lab in a hardened container of its own.

    Differences from DockerSpawner that an administrator meets:

    - A lab listens on no network: its server opens a Unix socket in a directory of its own, which the hub and the
      proxy see too. `start` returns the moment the server answers there, or tells why the container ended.
    - Containers are removed when a lab stops, and nothing but the home and the operator's `volumes` outlives them.
    - The image is never pulled while a user waits: `make up` has it there.
    - `extra_host_config` and `extra_create_kwargs` are laid over the hardened container, last, as in DockerSpawner.

    Its files: `traits` (what is configured), `identity` (whose it is, what is kept of it), `creation` (the container is
    made), and this one (it starts, runs and stops). What they know is elsewhere, a file a question: `admission` (who
    may), `start` (in which order), `container` (with what), `readiness` (does it answer), `progress` (what is shown),
    `record` (what is kept), `ending` (why it is over), `running` (which run). All share `start_queue`, `start_slots`.
    """

    _start_queue: StartQueue | None = None
    _start_slots: StartSlots | None = None
    _start: Start | None = None
    starts_ahead = False
    """Whether the hub starts this lab itself, for an exam that has not begun."""

    # --- What all labs share ---

    @property
    def start_queue(self) -> StartQueue:
        """The queue for the machine's memory and CPUs; one for all labs of the hub."""
        if LabSpawner._start_queue is None:
            capacity = Resources.capacity(self.total_lab_memory_bytes, self.total_lab_cpus)
            containers = self.containers
            LabSpawner._start_queue = StartQueue(
                capacity,
                containers.running,
                self._evict,
                containers.remove_orphans_from_running,
                SetAside(is_for=is_set_aside_for, resources=self._set_aside),
            )
        return LabSpawner._start_queue

    @property
    def start_slots(self) -> StartSlots:
        """What a start holds from its container's making until the lab answers, in the order of asking."""
        if LabSpawner._start_slots is None:
            LabSpawner._start_slots = StartSlots(self.start_slot_count, self.start_slot_seconds)
        return LabSpawner._start_slots

    def _set_aside(self) -> Resources:
        labs = shared_lab.with_set_aside()
        return admission.set_aside(self.profiles, self.groups, labs, self.labs_set_aside)

    async def _evict(self, missing: Resources) -> bool:
        everyone = (lab for user in self.user.settings["users"].values() for lab in user.spawners.values())
        return await eviction.evict(everyone, self.start_queue.seen, missing)

    async def evict(self) -> None:
        """Stop this lab, which was not opened yet, for a user in the queue."""
        await eviction.stop(self)

    # --- Who may start it ---

    def _check_count(self) -> None:
        """:raises NoLab: this would be one lab too many for this user, or they sit an exam."""
        others = [other for other in self.user.spawners.values() if other is not self and other.active]
        ahead = self.starts_ahead
        admission.check_exam(self.user.name, self.name, time.time(), others=len(others), ahead=ahead)
        if self.is_exam:
            return
        admission.check_count(others=len(others), most=self.most_labs, named=bool(self.name))

    @default("options_form")
    def _options_form_default(self) -> Any:
        return self._options_form

    async def _options_form(self, spawner: Any) -> str:
        """The page on which people choose; empty for a lab that several enter or of an exam: for it, it is chosen."""
        if self.is_shared or self.is_exam:
            return ""
        chosen, pool = self.user_options.get("profile", ""), self.gpu_pool
        return await admission.form(
            self.profiles, self.groups, self.person, start_queue=self.start_queue, pool=pool, chosen=chosen
        )

    # --- Starting ---

    async def start(self) -> str:
        """Wait in the queue, start the lab, and return its address once it answers.

        :raises NoLab: there is no such profile for this user, no capacity, or no image.
        :raises LabDied: the container ended first; the user is shown the end of its log.
        """
        self._start = Start(
            key=self.key,
            gpus=self.gpus,
            start_queue=self.start_queue,
            start_slots=self.start_slots,
            queue_seconds=self.queue_seconds,
            start_seconds=self.lab_start_seconds,
            decide=self._begin,
            make=self._start_container,
            remove_older=lambda: self.containers.remove_of(self.key),
            remove=lambda: self.containers.remove(self.container_name),
        )
        return await self._start.run(lambda: self.reset_at_start(False))

    def _begin(self) -> LabPlan:
        """Decide what the lab gets, and record that it starts."""
        self._check_count()
        self._plan = plan = self._decide()
        self.kept.lab_state = LabState.of(plan, self.prewarm.start)
        self.kept.ended = NOTHING
        self.kept.shares = tuple(share.name for share in self.own_shares)
        self.save_state()
        self.image = plan.image
        return plan

    async def _start_container(self) -> str:
        try:
            if self.has_volume:
                await self.docker("create_volume", self.home_volume, labels=self.home_labels)
            await super().start()
        except docker.errors.APIError as error:
            self.log.error("The lab of %s cannot be made: %s", self._log_name, error)
            raise explained(error, image=self.image, shares=[*self.shares, *self.handouts]) from error
        try:
            await self.gpus.verify(self.container_id, self._log_name)
        except NoGPUs as error:
            raise NoLab(error.said, reason=error.reason, status_code=503) from error
        await self._until_it_answers()
        return sockets.url(self._socket)

    async def _until_it_answers(self) -> None:
        await readiness.until_it_answers(self._socket, self._check_alive)

    async def _check_alive(self) -> None:
        """:raises LabDied: the container has ended, with the reason for the hub's log and the user's page."""
        if await self.poll() is not None:
            words = await self._last_words()
            self.log.error("Lab %s ended before it answered:\n%s", self._log_name, indent(words, readiness.QUOTE))
            raise readiness.death(words, self.ended)

    async def _last_words(self) -> str:
        """The end of the lab's log; empty where there is none."""
        return readiness.plain_lines(await self.containers.log(self.container_id))

    @property
    def queue_position(self) -> int:
        """Position in the queue, for GPUs or for memory and CPUs; 0: it does not wait."""
        return self.gpus.position(self.key) or self.start_queue.position(self.key)

    @property
    def queue_message(self) -> Said:
        """What the waiting page says of the queue; empty where the lab does not wait there."""
        return progress.queue_message(self.key, lambda: self.plan, self.start_queue, self.gpu_pool)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the waiting page shows: the position in the queue and how long it may take, then that the lab starts."""
        async for update in progress.updates(
            lambda: self.queue_position,
            lambda: self.queue_message,
            lambda: self.start_slots.taken(self.user.name),
            shared=self.is_shared,
        ):
            yield update

    # --- Running and stopping ---

    async def stop(self, now: bool = False) -> None:
        """Stop the lab; where its time is over, keep that as the reason."""
        self.kept.ended = self._why_over()
        await super().stop(now)

    def _why_over(self) -> Said:
        record = self.orm_spawner
        return ending.why_stopped(self.prewarm.lab_state, started=record.started, last_activity=record.last_activity)

    async def poll(self) -> Any:
        """None while the lab runs, or while that is unknown; else how it ended. The reason is kept for its owner."""
        try:
            status = await super().poll()
        except EngineAway:  # no reason to forget a lab: labs go on without the engine
            return None
        self.prewarm.note_opening()
        if status is None and self._is_of_another_address:
            self.kept.ended = ending.MOVED
            return 0
        if status is not None and self._start_was_cut_off:
            unasked = self.prewarm.prewarmed  # who did not ask need not hear it
            self.kept.ended = NOTHING if unasked else ending.INTERRUPTED
        elif status is not None and self.kept.lab_state is not None and not self.ended:
            self.kept.ended = ending.why_gone(await self.get_object())
        return status

    async def get_object(self) -> Any:
        """The container as the engine inspects it. What its memory was too small for is told, once a lab."""
        found = await super().get_object()
        if found and found["State"].get("OOMKilled") and not self.kept.memory_kill:
            self.kept.memory_kill = True
            self.save_state()
            tell(MemoryKill())
        return found

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
            address = urlsplit(sockets.url(self._socket))
            self.server.proto, self.server.ip, self.server.port = address.scheme, address.hostname or "", 80
            with contextlib.suppress(TimeoutError, readiness.LabDied):  # the hub looks itself what became of it
                await asyncio.wait_for(self._until_it_answers(), self.lab_start_seconds)
        url: str = self.server.url
        return url

    async def run_post_stop_hook(self) -> None:
        """However the lab ended, no container of it stays; of one that ended by itself the last words are kept."""
        if self._start and self._start.clearing:  # the next start has another spawner, which knows nothing of it
            await asyncio.shield(self._start.clearing)
        if self.object_id:
            words = indent(await self._last_words() or "it left no message", readiness.QUOTE)
            self.log.warning("Lab %s was not stopped by the hub; the end of its log:\n%s", self._log_name, words)
            await self.containers.remove(self.object_id)
            self.object_id = ""
        hook = super().run_post_stop_hook()
        if inspect.isawaitable(hook):
            await hook
