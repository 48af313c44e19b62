"""What the waiting page shows: the position in the queue, how long it may take, and that the lab starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from homeroom.gpus.pool import GPUPool
from homeroom.labs import choice
from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import Key
from homeroom.queue.start_queue import StartQueue
from homeroom.texts.said import NOTHING, Said, text

QUEUE_INTERVAL_SECONDS = 1.0
START_INTERVAL_SECONDS = 0.5


def queue_message(key: Key, plan: Callable[[], LabPlan], start_queue: StartQueue, pool: GPUPool) -> Said:
    """What a user in the queue is told; nothing where their lab does not wait.

    :param plan: tells what their lab gets, while they wait.
    """
    if position := pool.queue.position(key):
        return choice.queue_message(position, pool.queue.estimate(plan().gpus, key), short=["gpus"])
    if position := start_queue.position(key):
        resources = plan().resources
        return choice.queue_message(
            position, start_queue.estimate(resources, key), short=start_queue.short(resources, key)
        )
    return NOTHING


async def updates(
    position: Callable[[], int],
    message: Callable[[], Said],
    waits_for_slot: Callable[[], bool],
    *,
    shared: bool = False,
) -> AsyncIterator[dict[str, Any]]:
    """What JupyterHub's `progress` is to yield, without an end: the hub ends it with the start.

    :param position: of the lab in the queue; 0: it does not wait there.
    :param message: what a user in the queue is told.
    :param waits_for_slot: whether others are starting first.
    :param shared: whether several people may enter the lab.
    """
    first, shown, started = 0, "", 0.0
    of = "_shared" if shared else ""
    while True:
        if at := position():
            first, started = max(first, at), 0.0
            words = str(message())
            if words != shown:
                yield {"progress": choice.queue_progress(at, first), "message": words}
                shown = words
            await asyncio.sleep(QUEUE_INTERVAL_SECONDS)
            continue
        if not started:
            started = time.monotonic()
            words = text(f"labs.starting.your_turn{of}" if shown else "labs.starting.soon")
            if waits_for_slot():
                words = text(f"labs.starting.many{of}")
            yield {"progress": choice.start_progress(0), "message": words}
        await asyncio.sleep(START_INTERVAL_SECONDS)
        yield {"progress": choice.start_progress(time.monotonic() - started)}
