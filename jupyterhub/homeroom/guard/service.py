"""The service that alone holds the engine's socket: `python -m homeroom.guard.service`.

The hub makes its labs through a socket of the guard's; what it may ask is in `homeroom.guard.policy`. Exit codes: 0
after SIGTERM or a passed check, 1 when the engine stays away or a check fails, 2 for a policy file that cannot be
used.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from homeroom.contract import open_files
from homeroom.contract.plain_text import log_plainly

if TYPE_CHECKING:
    from homeroom.guard.engine_gateway import EngineGateway

log = logging.getLogger("homeroom.guard")

SOCKET_GROUP = 100
CHECK_SECONDS = 5.0
SHUTDOWN_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 3600.0  # longer than the hub's pool keeps a connection, so that it is never closed under a call


def main() -> int:
    """Run the guard, or check on it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="homeroom.guard.service", description="The engine, behind Homeroom's policy.")
    parser.add_argument("--socket", type=Path, default=Path("/run/guard/engine.sock"), help="where the hub asks")
    parser.add_argument("--engine", type=Path, default=Path("/var/run/docker.sock"), help="the engine's own socket")
    parser.add_argument("--policy", type=Path, default=Path("/srv/jupyterhub/guard.json"), help="the rendered policy")
    parser.add_argument("--lab-sockets", type=Path, default=Path("/run/labs"), help="the volume of the labs' sockets")
    parser.add_argument("--runs", type=Path, default=None, help="where the desk asks for runs")
    parser.add_argument("--check", action="store_true", help="exit 0 if a guard and its engine answer at --socket")
    options = parser.parse_args()
    if options.check:
        return 0 if answers(options.socket) else 1

    # Only now: the check runs every few seconds and has no need of an HTTP library.
    import asyncio

    from homeroom.guard.policy import Policy

    log_plainly()
    try:
        policy = Policy.from_json(options.policy.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        print(f"{options.policy}: {error}\n  Render it anew with `make render`.", file=sys.stderr)
        return 2
    from homeroom.guard.engine_gateway import EngineGateway

    open_files.raise_limit()
    return asyncio.run(serve(EngineGateway(policy, options.engine, options.lab_sockets), options.socket, options.runs))


def answers(path: Path) -> bool:
    """Whether a guard at this socket answers a ping with its engine's pong."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(CHECK_SECONDS)
            client.connect(str(path))
            client.sendall(b"GET /_ping HTTP/1.0\r\nHost: guard\r\n\r\n")
            return client.recv(64).split(b" ")[1:2] == [b"200"]
    except OSError:
        return False


def listen(path: Path) -> socket.socket:
    """A socket at a path, for the group of the sockets, in the place of whatever a guard before left there."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(fresh))
    if fresh.stat().st_gid != SOCKET_GROUP:
        os.chown(fresh, -1, SOCKET_GROUP)
    fresh.chmod(0o660)
    listener.listen(512)
    fresh.replace(path)
    return listener


async def serve(gateway: EngineGateway, path: Path, runs: Path | None = None) -> int:
    """Answer at a socket until SIGTERM, or until the engine is lost.

    :param runs: a second socket, at which runs are asked for and nothing else.
    """
    import asyncio

    from aiohttp import web

    # A hub that hangs up ends its call to the engine too, just as without a guard in between.
    sockets = {path: gateway.handle} | ({runs: gateway.runs.handle} if runs else {})
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await gateway.sweep()  # before the hub can ask for a lab
    runners = []
    for place, handle in sockets.items():
        server = web.Server(handle, handler_cancellation=True, access_log=None, keepalive_timeout=KEEP_ALIVE_SECONDS)
        runners.append(web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS))
        await runners[-1].setup()
        await web.SockSite(runners[-1], listen(place)).start()
    log.info("guarding %s at %s", gateway.engine_socket, path)
    waits = [asyncio.create_task(stopped.wait()), asyncio.create_task(gateway.engine_lost.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for each in waits:
        each.cancel()
    await asyncio.gather(*(runner.cleanup() for runner in runners))
    await gateway.close()
    if gateway.engine_lost.is_set():
        log.error("the engine stays away: leaving, so that a restart mounts its socket anew")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
