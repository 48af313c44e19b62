"""Which programs use a lab: those that use the CPU, however silent; not those that wait."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from homeroom_lab import processes
from homeroom_lab.processes import are_used, cpu_seconds

SILENT = [sys.executable, "-c", "while True: pass"]
CALLING = ["sh", "-c", f"while :; do {sys.executable} -c 'sum(range(1000000))'; done"]
WAITING = ["sleep", "600"]


def own(pid: int) -> float:
    """What one process has used."""
    return next(seconds for process, seconds in cpu_seconds().items() if process[0] == pid)


@pytest.mark.parametrize("command", [SILENT, CALLING], ids=["silent", "calls short programs"])
def test_a_silent_program_is_seen(command: list[str]) -> None:
    """What a program computes, itself or by programs that it calls, is seen in it though it prints nothing."""
    with subprocess.Popen(command) as running:
        try:
            while own(running.pid) < processes.LEAST_SECONDS:
                time.sleep(0.02)
        finally:
            running.kill()


def test_this_process_and_what_waits_do_not_count() -> None:
    """The server's own work is an open page's; a program that waits uses nothing."""
    with subprocess.Popen(WAITING) as waiting:
        try:
            assert os.getpid() not in {pid for pid, _ in cpu_seconds()}
            assert own(waiting.pid) < processes.LEAST_SECONDS
        finally:
            waiting.kill()


@pytest.mark.parametrize(
    ("before", "now", "used"),
    [
        ({(1, 5): 10.0}, {(1, 5): 11.3}, True),
        ({(1, 5): 10.0}, {(1, 5): 11.1}, False),
        ({}, {(2, 9): 1.3}, True),
        ({(2, 5): 90.0}, {(2, 9): 1.3}, True),
        ({(1, 5): 10.0}, {}, False),
        ({(n, 0): 0.0 for n in range(50)}, {(n, 0): 0.1 for n in range(50)}, False),
    ],
    ids=["computes", "hardly", "new", "number given again", "ended", "many that wait"],
)
def test_what_is_use(before: dict[tuple[int, int], float], now: dict[tuple[int, int], float], used: bool) -> None:
    """One program that takes a fiftieth of a CPU is use; many that take next to nothing are none together."""
    assert are_used(before, now, within_seconds=60) is used


def test_two_looks_in_a_moment_are_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that asks again and again does not make the short work of a kernel that answers it a program's use; what
    was used once is told with the time since."""
    clock, used = [100.0], [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(processes, "cpu_seconds", lambda: {(1, 1): used[0]})
    watch = processes.Watch()

    def step(later: float, more: float) -> float | None:
        clock[0] += later
        used[0] += more
        return watch.idle_seconds()

    assert [step(0.5, 0.15), step(0.5, 0.15)] == [None, None]
    assert step(60, 0.2) is None
    assert step(60, 30) == 0.0
    assert step(100, 0.01) == 100.0
