"""Lets labs go on that stand still for a copy: `python3 -m homeroom_copies.thaw DEPLOYMENT SECONDS [CONTAINER ...]`.

It is started before the first lab is paused, says "ready" once the engine answered it, and needs nobody after that: a
lab that has stood still for SECONDS goes on, and all do as soon as its standard input ends, which the command holds
that copies. Containers that it is given stood still before, for somebody else's reason, and are left alone.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import sys
import time
from collections.abc import Callable, Collection, Iterable
from urllib.parse import quote

SOCKET = "/var/run/docker.sock"
LABELS = ("homeroom.deployment={}", "homeroom.user")
LOOK_SECONDS = 0.5
LAST_LOOKS = 10
"""How often it looks once nobody holds it any more: a pause that was asked for last may come about only then."""
ANSWER_SECONDS = 10.0


class Engine(http.client.HTTPConnection):
    """The engine, by its socket; one request a connection."""

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(ANSWER_SECONDS)
        self.sock.connect(SOCKET)


def ask(method: str, path: str) -> bytes:
    """What the engine answers; an OSError where it does not."""
    engine = Engine("engine")
    try:
        engine.request(method, path)
        return engine.getresponse().read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    finally:
        engine.close()


def paused(deployment: str) -> list[str]:
    """The labs of a deployment that stand still."""
    filters = {"label": [each.format(deployment) for each in LABELS], "status": ["paused"]}
    return [found["Id"] for found in json.loads(ask("GET", f"/containers/json?filters={quote(json.dumps(filters))}"))]


def let_go(labs: Iterable[str]) -> None:
    """Have labs go on; who is gone or goes on already is no fault."""
    for lab in labs:
        ask("POST", f"/containers/{lab}/unpause")
        print(f"went on: {lab[:12]}", flush=True)


class Overdue:
    """Which labs have stood still for too long, from one look to the next."""

    def __init__(self, limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit_seconds = limit_seconds
        self.clock = clock
        self.since: dict[str, float] = {}

    def among(self, labs: Collection[str]) -> list[str]:
        """Those of them; what is not among them any more is forgotten."""
        now = self.clock()
        self.since = {lab: self.since.get(lab, now) for lab in labs}
        return [lab for lab, began in self.since.items() if now - began >= self.limit_seconds]


def main() -> None:
    """Look twice a second until standard input ends; then let all go."""
    deployment, limit_seconds, *others = sys.argv[1:]
    overdue = Overdue(float(limit_seconds))
    paused(deployment)
    print("ready", flush=True)
    held, looks = True, LAST_LOOKS
    while looks:
        held = held and not select.select([sys.stdin], [], [], LOOK_SECONDS)[0]
        try:
            ours = [lab for lab in paused(deployment) if lab not in others]
            let_go(overdue.among(ours) if held else ours)
            looks -= not held
        except OSError as error:  # the engine is restarted: it is asked again
            print(error, file=sys.stderr, flush=True)
        if not held:
            time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
