"""Whether a lab answers on its socket, and the last words of one that never will."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from homeroom.contract import sockets
from homeroom.contract.plain_text import plain
from homeroom.culling.culling import OUT_OF_MEMORY
from homeroom.spawner.no_lab import NoLab
from homeroom.texts.said import Said, say

WATCH_INTERVAL_SECONDS = 0.02
ALIVE_INTERVAL_SECONDS = 0.5
QUOTE = "  | "
"""Before each line of a lab's log in the hub's: who writes in a lab writes no line of the hub's."""
LONGEST_QUOTED = 500


class LabDied(NoLab):
    """The lab's container ended before the lab answered."""


async def until_it_answers(socket: Path, check_alive: Callable[[], Awaitable[None]]) -> None:
    """Wait until the server accepts connections; the caller bounds it.

    :param check_alive: raises where the container has ended; asked now and then.
    """
    loop = asyncio.get_running_loop()
    check_alive_at = loop.time() + ALIVE_INTERVAL_SECONDS
    while not await accepts(socket):
        if loop.time() >= check_alive_at:
            await check_alive()
            check_alive_at = loop.time() + ALIVE_INTERVAL_SECONDS
        await asyncio.sleep(WATCH_INTERVAL_SECONDS)


async def accepts(socket: Path) -> bool:
    """Whether there is a listener on a lab's own socket, and not on one that its owner laid a link to."""
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


def plain_lines(log: bytes) -> str:
    """A lab's log as short lines that a terminal prints and does not obey: anything may be written there."""
    return "\n".join(plain(line[:LONGEST_QUOTED]) for line in log.decode(errors="replace").strip().splitlines())


def death(last_words: str, ended: Said) -> LabDied:
    """Why there is no lab, for its owner.

    :param last_words: the end of its log.
    :param ended: why its container ended, as far as the engine told.
    """
    if ended.key == OUT_OF_MEMORY:
        return LabDied(ended, reason="memory", status_code=500)
    last = last_words.splitlines()[-1:]
    said = say("no_lab.died", last=last[0]) if last else say("no_lab.died_silent")
    return LabDied(said, reason="died", status_code=500)
