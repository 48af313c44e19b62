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
from homeroom.queue.needs import Key
from homeroom.queue.places import Full, Places
from homeroom.spawner.no_lab import NoLab
from homeroom.spawner.retrying import EngineAway
from homeroom.spawner.turns import Turns


@dataclass(kw_only=True)
class Start:
    """One start of a lab.

    :param key: whose lab it is.
    :param queue_seconds: how long it waits in line.
    :param start_seconds: how long the lab may take to answer once it has its place.
    :param decide: tells what the lab gets, or refuses it.
    :param make: makes the lab in its place, and gives its address once it answers.
    :param remove_older: removes what the lab's starts before have left.
    :param remove: removes the container of this one.
    """

    key: Key
    gpus: LabGPUs
    places: Places
    turns: Turns
    queue_seconds: int
    start_seconds: int
    decide: Callable[[], LabPlan]
    make: Callable[[], Coroutine[Any, Any, str]]
    remove_older: Callable[[], Awaitable[None]]
    remove: Callable[[], Awaitable[None]]
    clearing: asyncio.Task[None] | None = None
    """What removes the container, once the start has failed; it goes on for who gave up and is not kept waiting."""

    async def run(self, note_success: Callable[[], None]) -> str:
        """Wait for a place, make the lab there, and return its address.

        :param note_success: called before the start counts as one that succeeded.
        :raises NoLab: it was refused, found no place, or did not answer in time.
        """
        try:
            plan = self.decide()
            await self.remove_older()
            await self._wait_in_line(plan)
            address = await self.turns.take(self.key[0], self.make, self.start_seconds)
            note_success()
        except BaseException as error:
            self.clearing = asyncio.create_task(self._clear_away())
            if isinstance(error, asyncio.CancelledError):  # whoever gave up is not kept waiting
                raise
            await self.clearing
            if isinstance(error, TimeoutError):
                raise NoLab(
                    f"The lab did not answer within {self.start_seconds} s. Please try again.",
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
        try:
            await self.gpus.lease(self.key, plan.gpus, self.queue_seconds, longest_seconds=plan.longest_seconds)
            await self.places.wait_for(self.key, plan.need, deadline - time.monotonic())
        except NoGPUs as error:
            raise NoLab(str(error), reason=error.reason, status_code=503) from error
        except Full as error:
            raise NoLab(str(error), reason="full", status_code=503) from None

    async def _clear_away(self) -> None:
        """Remove the container, also one that the engine is still making; then give the place back."""
        try:
            if self.gpus.creating:
                with contextlib.suppress(docker.errors.APIError, EngineAway):
                    await self.gpus.creating
            with contextlib.suppress(EngineAway):  # what is left then is an orphan
                await self.remove()
        finally:
            self.gpus.release()
            self.places.release(self.key)
