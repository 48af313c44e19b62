"""Start: what a start does, in order, and what it gives back when it fails."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import docker.errors

from homeroom.gpus.lab_gpus import LabGPUs, NoGPUs
from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import Key
from homeroom.queue.start_queue import Full, StartQueue
from homeroom.spawner.no_lab import NoLab
from homeroom.spawner.outcomes import Stopwatch, failure_of
from homeroom.spawner.retrying import EngineAway
from homeroom.spawner.start_slots import StartSlots
from homeroom.texts.said import say


@dataclass(kw_only=True)
class Start:
    """One start of a lab.

    :param key: whose lab it is.
    :param queue_seconds: how long it waits in the queue.
    :param start_seconds: how long the lab may take to answer once it has left the queue.
    :param decide: tells what the lab gets, or refuses it.
    :param make: makes the lab, and gives its address once it answers.
    :param remove_older: removes what the lab's starts before have left.
    :param remove: removes the container of this one.
    """

    key: Key
    gpus: LabGPUs
    start_queue: StartQueue
    start_slots: StartSlots
    queue_seconds: int
    start_seconds: int
    decide: Callable[[], LabPlan]
    make: Callable[[], Coroutine[Any, Any, str]]
    remove_older: Callable[[], Awaitable[None]]
    remove: Callable[[], Awaitable[None]]
    clearing: asyncio.Task[None] | None = None
    """What removes the container, once the start has failed; it goes on after a start was cancelled."""

    async def run(self, note_success: Callable[[], None]) -> str:
        """Wait in the queue, make the lab, and return its address.

        :param note_success: called before the start counts as one that succeeded.
        :raises NoLab: it was refused, found no capacity, or did not answer in time.
        """
        watch = Stopwatch()
        try:
            plan = self.decide()
            watch.begin()
            await self.remove_older()
            await self._wait_in_queue(plan)
            watch.serve()
            address = await self.start_slots.take(self.key[0], self.make, self.start_seconds)
            note_success()
        except BaseException as error:
            self.clearing = asyncio.create_task(self._clear_away())
            if isinstance(error, asyncio.CancelledError):  # who cancels is not kept waiting
                raise
            watch.end(failure_of(error))
            await self.clearing
            if isinstance(error, TimeoutError):
                raise NoLab(
                    say("no_lab.timeout", seconds=self.start_seconds),
                    reason="timeout",
                    status_code=504,
                ) from None
            raise
        watch.end()
        self.start_queue.release(self.key)
        return address

    async def _wait_in_queue(self, plan: LabPlan) -> None:
        """Wait for GPUs, then for memory and CPUs: a lab that waits for a GPU keeps no memory from others meanwhile.

        :raises NoLab: there were none in time, or never will be.
        """
        deadline = time.monotonic() + self.queue_seconds
        try:
            await self.gpus.lease(self.key, plan.gpus, self.queue_seconds, max_age_seconds=plan.max_age_seconds)
            await self.start_queue.wait_for(self.key, plan.resources, deadline - time.monotonic())
        except NoGPUs as error:
            raise NoLab(error.said, reason=error.reason, status_code=503) from error
        except Full as error:
            raise NoLab(error.said, reason="full", status_code=503) from None

    async def _clear_away(self) -> None:
        """Remove the container, also one that the engine is still making; then release what it reserved."""
        try:
            if self.gpus.creating:
                with contextlib.suppress(docker.errors.APIError, EngineAway):
                    await self.gpus.creating
            with contextlib.suppress(EngineAway):  # what is left then is an orphan
                await self.remove()
        finally:
            self.gpus.release()
            self.start_queue.release(self.key)
