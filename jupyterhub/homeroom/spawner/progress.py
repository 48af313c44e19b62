"""What the waiting page shows: the position in line, when a place falls free, and that the lab starts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from homeroom.gpus.pool import GPUPool
from homeroom.labs import choice
from homeroom.labs.plan import LabPlan
from homeroom.queue.needs import Key
from homeroom.queue.places import Places

LINE_INTERVAL_SECONDS = 1.0
START_INTERVAL_SECONDS = 0.5


def line_message(key: Key, plan: Callable[[], LabPlan], places: Places, pool: GPUPool) -> str:
    """What somebody in line is told; empty for who does not wait there.

    :param plan: gives what their lab gets, while they wait.
    """
    if position := pool.line.position(key):
        return choice.line_message(position, pool.line.estimate(plan().gpus, key), what="GPUs")
    if position := places.position(key):
        need = plan().need
        return choice.line_message(position, places.estimate(need, key), short=places.short(need, key))
    return ""


async def updates(
    position: Callable[[], int], message: Callable[[], str], waits_for_turn: Callable[[], bool]
) -> AsyncIterator[dict[str, Any]]:
    """What JupyterHub's `progress` is to yield, without an end: the hub ends it with the start.

    :param position: of the lab in line; 0: it does not wait there.
    :param message: what somebody in line is told.
    :param waits_for_turn: whether others are starting first.
    """
    first, shown, started = 0, "", 0.0
    while True:
        if at := position():
            first, started = max(first, at), 0.0
            words = message()
            if words != shown:
                yield {"progress": choice.line_progress(at, first), "message": words}
                shown = words
            await asyncio.sleep(LINE_INTERVAL_SECONDS)
            continue
        if not started:
            started = time.monotonic()
            words = "It is your turn: the lab is starting." if shown else "It takes a few seconds."
            if waits_for_turn():
                words = "Many labs are starting just now. Yours is among the next."
            yield {"progress": choice.start_progress(0), "message": words}
        await asyncio.sleep(START_INTERVAL_SECONDS)
        yield {"progress": choice.start_progress(time.monotonic() - started)}
