"""What speaks with learning platforms: `python -m homeroom.lms.service`.

It sends grades and asks who is in a course, for the hub, which tells it by a socket which courses are connected. It has
a key of its own, and its records. Exit codes: 0 after SIGTERM or a passed check, 1 where a check fails.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from pathlib import Path

from homeroom.contract import by_socket, open_files
from homeroom.contract.plain_text import log_plainly
from homeroom.lms.address import SOCKET

LOOK_SECONDS = 1.0
KEYS = "keys.json"
UMASK = 0o077

log = logging.getLogger("homeroom.lms")


def main() -> int:
    """Run the service, or check on it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="homeroom.lms.service", description="Speaks with learning platforms.")
    parser.add_argument("--socket", type=Path, default=SOCKET, help="where the hub asks")
    parser.add_argument("--store", type=Path, default=Path("/srv/lms"), help="the volume of its key and records")
    parser.add_argument("--check", action="store_true", help="exit 0 if it answers at --socket")
    options = parser.parse_args()
    if options.check:
        return 0 if answers(options.socket) else 1
    log_plainly()
    open_files.raise_limit()
    os.umask(UMASK)
    return asyncio.run(serve(options.store, options.socket))


def answers(path: Path) -> bool:
    """Whether the service answers at this socket."""
    return by_socket.answers(path, "lms", "/told")


async def serve(store: Path, path: Path, ended: asyncio.Event | None = None) -> int:
    """Answer the hub until SIGTERM.

    :param ended: ends it, too.
    """
    from aiohttp import web

    from homeroom.lms.back_room import BackRoom
    from homeroom.lms.records import Records
    from homeroom.lti.own_keys import OwnKeys

    stopped = ended or asyncio.Event()
    records = Records(store)
    room = BackRoom(records, OwnKeys(store / KEYS))
    await room.keys.public_set()
    runner = web.ServerRunner(web.Server(room.answer, access_log=None), shutdown_timeout=5.0)
    await runner.setup()
    path.unlink(missing_ok=True)
    await web.UnixSite(runner, str(path)).start()
    if ended is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    log.info("ready for the hub")
    while not stopped.is_set():
        room.look(time.time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), LOOK_SECONDS)
    await runner.cleanup()
    await room.end()
    records.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
