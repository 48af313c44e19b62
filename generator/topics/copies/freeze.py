"""Labs that stand still while their files are read, and go on whatever happens to us.

Three see to that: this process lets each lab go as soon as its home is through, and all at the end; a container of its
own, started before the first lab is paused, lets them go after FREEZE_SECONDS, or at once when this process has ended;
and where both were killed, the next command that makes a copy, the next round of the watchdog or `make up` lets those
go that are noted in a file.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import docker.errors
from docker.models.containers import Container
from docker.types import Mount

from generator.core.atomic import write_atomically
from generator.core.console import counted, warn
from generator.core.errors import HomeroomError
from generator.core.labels import USER_LABEL
from generator.core.lock import exclusive
from generator.engine.deployment import Deployment
from generator.topics.copies import sources
from generator.topics.copies.copier import held
from generator.topics.copies.secrets import FOLDER

FREEZE_SECONDS = 30
"""How long a lab stands still at most."""
READY_SECONDS = 20
CALLS_AT_ONCE = 8
TRIES, PAUSE_BETWEEN_SECONDS = 10, 0.1
CONFLICT = 409
NOTE = "paused.json"


class Standing:
    """Labs that stand still; those that could not be made to are of the people in `moving`."""

    def __init__(self, labs: Sequence[Container]) -> None:
        self.still: dict[str, list[tuple[Container, float]]] = {}
        """By the homes that they write into, as a copy has these."""
        self.longest_seconds = 0.0
        self.overdue: set[str] = set()
        self.moving: set[str] = set()
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            list(pool.map(self._pause, labs))

    def _pause(self, lab: Container) -> None:
        """Have a lab stand still. On a busy machine a kernel may not freeze all its processes at the first try."""
        user = lab.labels[USER_LABEL]
        for _ in range(TRIES):
            began = time.monotonic()
            try:
                lab.pause()
            except docker.errors.NotFound:
                return
            except docker.errors.APIError as error:
                if error.status_code == CONFLICT:  # it has just ended
                    return
                time.sleep(PAUSE_BETWEEN_SECONDS)
            else:
                self.still.setdefault(sources.home_of(lab), []).append((lab, began))
                return
        self.moving.add(user)

    def let_go(self, home: str) -> None:
        """Have the labs go on that write into a home: it is through."""
        for lab, began in self.still.pop(home, []):
            with suppress(docker.errors.NotFound, docker.errors.APIError):  # gone, or let go already
                lab.unpause()
            seconds = time.monotonic() - began
            self.longest_seconds = max(self.longest_seconds, min(seconds, FREEZE_SECONDS))
            if seconds >= FREEZE_SECONDS:
                self.overdue.add(lab.labels[USER_LABEL])

    def let_all_go(self) -> None:
        """Have all go on that still stand."""
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            list(pool.map(self.let_go, list(self.still)))


@contextmanager
def standing_still(deployment: Deployment, labs: Sequence[Container], folder: Path = FOLDER) -> Iterator[Standing]:
    """These labs stand still while the body runs, or until it lets them go.

    :raises HomeroomError: what would let them go if we ended does not run; none is paused then.
    """
    others = [lab.id for lab in labs if lab.status == "paused"]
    ours = [lab for lab in labs if lab.status == "running"]
    socket = Mount(target="/var/run/docker.sock", source=str(deployment.engine.socket), type="bind")
    command = ["python3", "-m", "homeroom_copies.thaw", deployment.project, str(FREEZE_SECONDS), *map(str, others)]
    with held(deployment, command, mounts=[socket], network_mode="none", mem_limit="64m", pids_limit=16) as thaw:
        _wait_until_ready(thaw)
        note = folder / NOTE
        write_atomically(note, json.dumps([lab.id for lab in ours]) + "\n", mode=0o600)
        standing = Standing(())
        try:
            standing = Standing(ours)
            yield standing
        finally:
            standing.let_all_go()
            note.unlink(missing_ok=True)


def _wait_until_ready(thaw: Container) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while b"ready" not in thaw.logs():
        if time.monotonic() > deadline:
            said = thaw.logs().decode(errors="replace").strip().rpartition("\n")[2]
            raise HomeroomError(
                f"what lets labs go on does not reach the engine: {said or 'it says nothing'}",
                remedy="`make check` looks the engine over. No lab was paused.",
            )
        time.sleep(0.1)


def free_forgotten(deployment: Deployment, folder: Path = FOLDER) -> None:
    """Have labs go on that stand still though no copy is being made, and say so."""
    if not (folder / NOTE).exists():
        return
    with suppress(HomeroomError), exclusive(folder):  # else a copy is being made, which lets them go
        tell_forgotten(let_forgotten_go(deployment, folder))


def tell_forgotten(labs: int) -> None:
    """Say how many labs went on."""
    if labs:
        warn(f"{counted(labs, 'lab')} stood still since a copy that was cut off, and went on now.")


def let_forgotten_go(deployment: Deployment, folder: Path = FOLDER) -> int:
    """Have labs go on that a command which was killed has paused; returns how many stood still."""
    note = folder / NOTE
    try:
        noted: Collection[str] = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    forgotten = [lab for lab in deployment.labs() if lab.id in noted and lab.status == "paused"]
    for lab in forgotten:
        with suppress(docker.errors.NotFound, docker.errors.APIError):
            lab.unpause()
    note.unlink(missing_ok=True)
    return len(forgotten)
