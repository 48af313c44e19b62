"""A class hands in before the deadline: `PYTHONPATH=jupyterhub:jupyterlab python -m bench.hand_ins`.

The hand-in desk is a process of its own, as in its container, with a socket for each lab; what is sent is what
`nbgrader submit` and `homeroom hand-in` send. Each person hands in once, at a moment of their own within the time.
Exit code 1: somebody has no receipt, or one of twenty waits longer than two seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from homeroom.courses import desk_client
from homeroom.courses.desk import service
from homeroom_lab import hand_in

from bench.table import percentile
from tests.faults import until
from tests.hub_deployment import ROOT
from tests.unit.courses.desk import assignment, connects, told

GOAL_SECONDS = 2.0
NOTEBOOKS = 2


def main() -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="bench.hand_ins", description="A class hands in before the deadline.")
    parser.add_argument("--people", type=int, default=220)
    parser.add_argument("--seconds", type=float, default=60.0, help="in which all of them hand in")
    parser.add_argument("--bytes", type=int, default=200_000, help="of each notebook")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = storm(Path(folder), options.people, options.seconds, options.bytes)
    codes = {receipt["code"] for _, receipt in found}
    waits = [seconds for seconds, _ in found]
    p95 = percentile(waits, 95)
    print(f"{len(codes)} receipts of {options.people} people, {NOTEBOOKS} notebooks of {options.bytes} bytes each")
    print(f"median {percentile(waits, 50):.3f} s, p95 {p95:.3f} s, longest {max(waits):.3f} s")
    return 0 if len(codes) == options.people and p95 < GOAL_SECONDS else 1


def storm(folder: Path, people: int, seconds: float, size_bytes: int) -> list[tuple[float, dict[str, Any]]]:
    """How long each person waited, and their receipt."""
    labs = {f"lab-{number}": f"student-{number}" for number in range(people)}
    for name in labs:
        (folder / "labs" / name).mkdir(parents=True)
    (folder / "store").mkdir()
    path = folder / "desk.sock"
    vars(desk_client)["SOCKET"] = path
    paths = ["--socket", str(path), "--store", str(folder / "store"), "--labs", str(folder / "labs")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "jupyterhub")}
    command = [sys.executable, "-m", "homeroom.courses.desk.service", *paths]
    desk = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        until(lambda: service.answers(path), "the desk answers", seconds=30)
        members = {"biology": dict.fromkeys(labs.values(), "students")}
        asyncio.run(desk_client.tell(told(assignment(), labs=labs, members=members, graders={})))
        sockets = [str(folder / "labs" / name / "desk.sock") for name in labs]
        until(lambda: all(map(connects, sockets)), "every lab has its socket", seconds=60)
        return handed_in(work(folder, size_bytes), sockets, seconds)
    finally:
        desk.terminate()
        desk.wait()


def work(folder: Path, size_bytes: int) -> Path:
    """A folder with notebooks."""
    made = folder / "week-1"
    made.mkdir()
    for number in range(NOTEBOOKS):
        (made / f"part-{number}.ipynb").write_text(json.dumps({"cells": ["x" * size_bytes]}))
    return made


def handed_in(made: Path, sockets: list[str], seconds: float) -> list[tuple[float, dict[str, Any]]]:
    """Everybody hands in, each from a thread of their own."""
    found: list[tuple[float, dict[str, Any]]] = []
    chance = random.Random(1)

    def one(path: str, wait_seconds: float) -> None:
        time.sleep(wait_seconds)
        began = time.perf_counter()
        receipt = hand_in.hand_in("biology", "week-1", made, path)
        found.append((time.perf_counter() - began, receipt))

    threads = [threading.Thread(target=one, args=(path, chance.uniform(0, seconds))) for path in sockets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


if __name__ == "__main__":
    sys.exit(main())
