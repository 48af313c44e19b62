"""MemoryUse: how much memory a running lab takes now, and how long it has computed, as the engine counts it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker.errors
import requests.exceptions

from homeroom.spawner.retrying import EngineAway, RetryingSpawner

FRESH_SECONDS = 5.0
WAIT_SECONDS = 1.0
MOST_AT_ONCE = 2
"""Of the threads for calls to the engine; labs that start have the others."""
CACHES = ("active_file", "inactive_file")
"""What the system keeps of files, and gives back before anything is short: `memory.stat` of cgroup v2. That of v1 has
`total_` before it."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What a lab takes, and what it may take, in bytes.

    :param cpu_seconds: what it has computed since it was started, as seconds of one CPU.
    """

    used_bytes: int
    limit_bytes: int
    cpu_seconds: float = 0.0


class MemoryUse:
    """One lab's. The engine is asked at most once in FRESH_SECONDS, however many pages want to know; none of them waits
    for longer than WAIT_SECONDS, and one that would is told nothing until the answer is there.

    :param engine: the lab's spawner, for its calls to the engine.
    """

    _slots = asyncio.Semaphore(MOST_AT_ONCE)

    def __init__(self, engine: RetryingSpawner) -> None:
        self._engine = engine
        self._asking: asyncio.Task[Memory | None] | None = None
        self._asked_at = 0.0
        self._container_id = ""

    async def now(self) -> Memory | None:
        """What the lab takes, without what the system keeps of its files; None: not known in time."""
        if self._asking is None or self._container_id != self._engine.object_id or self._is_old:
            self._asked_at, self._container_id = time.monotonic(), self._engine.object_id
            self._asking = asyncio.create_task(self._ask(self._container_id))
        asking = self._asking
        await asyncio.wait({asking}, timeout=WAIT_SECONDS)
        return asking.result() if asking.done() else None

    @property
    def _is_old(self) -> bool:
        """Whether there is an answer, and it is not fresh."""
        done = self._asking is not None and self._asking.done()
        return done and time.monotonic() - self._asked_at > FRESH_SECONDS

    async def _ask(self, container_id: str) -> Memory | None:
        async with self._slots:
            try:
                return memory_of(await self._engine.docker("stats", container_id, stream=False, one_shot=True))
            except (docker.errors.DockerException, requests.exceptions.RequestException, EngineAway):
                return None


def memory_of(figures: Mapping[str, Any]) -> Memory | None:
    """The memory of the engine's figures; None where they have none, as of a lab that has just ended."""
    memory = figures.get("memory_stats") or {}
    usage, limit, parts = memory.get("usage"), memory.get("limit"), memory.get("stats") or {}
    if not isinstance(usage, int) or not isinstance(limit, int) or not limit:
        return None
    caches = sum(parts.get(name, parts.get(f"total_{name}", 0)) for name in CACHES)
    computed = ((figures.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage") or 0
    return Memory(used_bytes=max(0, usage - caches), limit_bytes=limit, cpu_seconds=float(computed) / 1e9)
