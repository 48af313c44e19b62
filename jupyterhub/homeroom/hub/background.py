"""Tasks that the hub's own process does beside its requests, from its start to its end."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

from jupyterhub.app import JupyterHub

Task = Callable[[JupyterHub], Coroutine[Any, Any, None]]
_wanted: list[Task] = []
_begun: set[asyncio.Task[None]] = set()
_start = JupyterHub.start


def run_beside_hub(task: Task) -> None:
    """Have the hub of this process begin a task once it has started; the hub's end cancels it.

    :param task: takes the hub. It sees to its own faults: it is not begun again.
    """
    if task not in _wanted:
        _wanted.append(task)
    JupyterHub.start = _start_with_tasks


async def _start_with_tasks(hub: JupyterHub) -> None:
    await _start(hub)
    if hub.http_server is None:  # it only printed something, as `--generate-config` does
        return
    spare_collections()
    for task in _wanted:
        begun = asyncio.create_task(task(hub))
        _begun.add(begun)  # or it might be forgotten while it runs
        begun.add_done_callback(_begun.discard)


def spare_collections() -> None:
    """Have Python's garbage collector leave out what is there by now, which stays to the hub's end: 300,000 objects. A
    full collection would look at each of them again and again, and keep every request for a tenth of a second."""
    gc.collect()
    gc.freeze()
