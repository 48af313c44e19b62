"""The first process of a container in which one hand-in is run: it fetches the files at the desk's socket, has each
notebook run by processes of its own, and brings there what these wrote. It runs no code of the hand-in itself.

It runs in the notebooks' own Python, and imports what kernels import: a kernel for Python is a fork of it, which takes
the half of a second that a kernel's start is otherwise once and not for each notebook.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SOCKET = "/run/lab/desk.sock"
WORK = Path("/tmp/work")  # noqa: S108 - in memory, and the container's own
WAIT_SECONDS = 30.0
ANSWER_SECONDS = 120.0
PIECE_BYTES = 1 << 16
MOST_BYTES = 24 << 20
"""What one notebook may write; it ends there."""
PACKAGES = str(Path(__file__).parents[2])
KERNELS_FOR_EVERYONE = Path("/srv/kernels/share/jupyter/kernels")
PYTHON = "python3"
MEMORY, PROCESSES, OUTPUT, DIED = "memory", "processes", "output", "died"
COUNTERS = {
    MEMORY: (("memory.events", "oom_kill"), ("memory/memory.oom_control", "oom_kill")),
    PROCESSES: (("pids.events", "max"), ("pids/pids.events", "max")),
}
"""Where the kernel counts what ran out: cgroups of version 2 and 1."""


class Desk(http.client.HTTPConnection):
    """A connection to the desk, whose socket is there a moment after this container."""

    def __init__(self, path: str) -> None:
        super().__init__("desk", timeout=ANSWER_SECONDS)
        self.path = path

    def connect(self) -> None:
        """Connect, once there is somebody."""
        ends = time.monotonic() + WAIT_SECONDS
        while True:
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            try:
                self.sock.connect(self.path)
            except OSError:
                self.sock.close()
                if time.monotonic() > ends:
                    raise
                time.sleep(0.01)
            else:
                return


def ask(method: str, path: str, body: bytes | None = None) -> bytes:
    """What the desk answers. :raises OSError: it does not, or not as it should."""
    with contextlib.closing(Desk(SOCKET)) as desk:
        desk.request(method, path, body)
        answer = desk.getresponse()
        text = answer.read()
    if answer.status >= 300:
        raise OSError(f"{method} {path}: {answer.status}")
    return text


def main() -> int:
    """Run what there is to run; 0, also where a notebook was no good."""
    sys.path.append(PACKAGES)
    from homeroom_lab.grading import python_notebook

    sys.path.remove(PACKAGES)
    order: dict[str, Any] = json.loads(ask("GET", "/order"))
    names: list[str] = order["notebooks"]
    WORK.mkdir(exist_ok=True)
    fetch()
    os.environ["NBGRADER_EXECUTION"] = str(order.get("execution", "autograde"))
    if any(is_usual(notebook(name)) for name in names):
        python_notebook.import_ahead()
    for name in names:
        ask("POST", "/notebooks", json.dumps({"name": name, **run(name, order)}).encode())
    return 0


def fetch() -> None:
    """Lay the files where they are run. Some are left out: what leads elsewhere, and is no file."""
    with contextlib.closing(Desk(SOCKET)) as desk:
        desk.request("GET", "/files")
        with tarfile.open(fileobj=desk.getresponse(), mode="r|") as archive:
            for member in archive:
                with contextlib.suppress(tarfile.FilterError):
                    archive.extract(member, WORK, filter="data")


def notebook(name: str) -> dict[str, Any]:
    """A notebook as it lies there; empty: it is none."""
    try:
        found = json.loads((WORK / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def is_usual(found: dict[str, Any]) -> bool:
    """Whether a notebook is for the image's own Python, of which this process is."""
    spec = (found.get("metadata") or {}).get("kernelspec") or {}
    return spec.get("name", PYTHON) == PYTHON and not (KERNELS_FOR_EVERYONE / PYTHON).exists()


def run(name: str, order: dict[str, Any]) -> dict[str, Any]:
    """Have one notebook run; what its cells wrote, and what went wrong with it as a whole."""
    found, before = notebook(name), counters()
    cells = [
        (index, source_of(cell))
        for index, cell in enumerate(found.get("cells") or ())
        if cell.get("cell_type") == "code" and source_of(cell).strip()
    ]
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        become_runner(name, cells, order, writing, usual=is_usual(found))
    os.close(writing)
    lines = list(written(reading))
    os.close(reading)
    end_all()
    outcome: dict[str, Any] = {"cells": {}, "trouble": None}
    for line in lines:
        if "cell" in line:
            outcome["cells"][str(line["cell"])] = {key: line[key] for key in ("outputs", "execution_count")}
        if line.get("trouble"):
            outcome["trouble"] = line["trouble"]
    ended = any(line.get("ended") for line in lines)
    after = counters()
    why = next((kind for kind in (MEMORY, PROCESSES) if after[kind] > before[kind]), None)
    if lines and lines[-1].get("too_much"):
        outcome["trouble"] = {"why": OUTPUT}
    elif why:
        outcome["trouble"] = {"why": why}
    elif not ended and not outcome["trouble"]:
        outcome["trouble"] = {"why": DIED}
    return outcome


def source_of(cell: dict[str, Any]) -> str:
    """A cell's source, which files may hold in lines."""
    found = cell.get("source") or ""
    return found if isinstance(found, str) else "".join(found)


def become_runner(name: str, cells: list[tuple[int, str]], order: dict[str, Any], writing: int, *, usual: bool) -> None:
    """Be the process that runs a notebook, to its end."""
    try:
        os.chdir((WORK / name).parent)
        if usual:
            sys.path.append(PACKAGES)
            from homeroom_lab.grading import python_notebook

            sys.path.remove(PACKAGES)
            python_notebook.run(cells, order, writing)
        else:
            os.set_inheritable(writing, True)
            told = json.dumps({**order, "name": str(WORK / name), "to": writing})
            python = str(Path(PACKAGES).parents[2] / "bin/python")
            os.execv(python, [python, "-P", "-m", "homeroom_lab.grading.other_notebook", told])  # noqa: S606
    finally:
        os._exit(0)


def written(reading: int) -> Iterator[dict[str, Any]]:
    """What a runner writes, a line each, until it ends or it is too much."""
    rest, size = b"", 0
    while True:
        select.select([reading], [], [])
        piece = os.read(reading, PIECE_BYTES)
        if not piece:
            return
        size += len(piece)
        if size > 2 * MOST_BYTES:
            yield {"too_much": True}
            return
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            with contextlib.suppress(ValueError):
                found = json.loads(line)
                if isinstance(found, dict):
                    yield found


def end_all() -> None:
    """End every process but this one: nothing of one notebook sees the next."""
    for _ in range(50):
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            while os.waitpid(-1, 0)[0]:
                pass
        except ChildProcessError:
            return


def counters() -> dict[str, int]:
    """How often memory or processes ran out in this container, so far."""
    return {kind: sum(_count(file, name) for file, name in places) for kind, places in COUNTERS.items()}


def _count(file: str, name: str) -> int:
    try:
        text = Path("/sys/fs/cgroup", file).read_text(encoding="ascii")
    except OSError:
        return 0
    pairs = dict(line.split(maxsplit=1) for line in text.splitlines() if " " in line)
    return int(pairs.get(name, 0))


if __name__ == "__main__":
    sys.exit(main())
