"""One lab runs wild: it hurts itself, and neither the hub nor anybody else's lab."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.faults import measured, until
from tests.faulty_deployment import FaultyDeployment
from tests.person import Kernel, Person

SECONDS = 6
FORK_BOMB = """
import os, subprocess
bomb = "import os\\nwhile True:\\n    try:\\n        os.fork()\\n    except OSError:\\n        pass\\n"
subprocess.Popen(["python3", "-c", bomb], start_new_session=True)
"""
MEMORY_HOG = """
import subprocess
hog = 'kept = []\\nwhile True: kept.append(b"x" * 2**24)'
subprocess.Popen(["sh", "-c", f"while true; do python3 -c '{hog}'; done"], start_new_session=True)
"""


@pytest.fixture(autouse=True)
def left_as_found(faulty_deployment: FaultyDeployment) -> Iterator[None]:
    """Each test ends with no lab."""
    yield
    faulty_deployment.stop_all()


def latencies(ask: Callable[[], object]) -> list[float]:
    """Milliseconds that each of many calls takes, for SECONDS, ten a second."""
    found = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        began = time.monotonic()
        ask()
        found.append((time.monotonic() - began) * 1000)
        time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))
    return found


def percentile_99(values: list[float]) -> float:
    """The value that one in a hundred exceeds."""
    return statistics.quantiles(values, n=100, method="inclusive")[-1]


@pytest.mark.parametrize(("what", "code"), [("fork bomb", FORK_BOMB), ("memory hog", MEMORY_HOG)])
def test_a_lab_runs_wild(faulty_deployment: FaultyDeployment, what: str, code: str) -> None:
    """While one lab forks or fills its memory without end, the hub answers and the other person's kernel computes; the
    wild lab can be stopped from the hub's page."""
    wild, calm = faulty_deployment.person("ada"), faulty_deployment.person()
    wild.start_lab("real")
    calm.start_lab("real")
    with calm.kernel() as kernel:
        kernel.run("import math")
        quiet = latencies(lambda: calm.get("hub/home"))
        with wild.kernel() as bomb:
            bomb.start(code)
            until(lambda: runs_wild(faulty_deployment, what), f"the {what} is under way")
            times: list[float] = []
            working = threading.Thread(target=lambda: times.extend(latencies(lambda: compute(kernel))))
            working.start()
            stormy = latencies(lambda: calm.get("hub/home"))
            working.join()
        measured(
            f"{what} in one lab, p99: the hub's page {percentile_99(stormy):.0f} ms "
            f"(before {percentile_99(quiet):.0f} ms), a cell in another's lab {percentile_99(times):.0f} ms"
        )
    assert faulty_deployment.servers()["admin"]
    assert_stoppable(faulty_deployment, wild)


def compute(kernel: Kernel) -> None:
    """Run a cell and see its output."""
    assert kernel.run("print(math.factorial(20))") == "2432902008176640000\n"


def runs_wild(faulty_deployment: FaultyDeployment, what: str) -> bool:
    """Whether the wild lab is at its limit."""
    stats = faulty_deployment.lab("ada").stats(stream=False, one_shot=True)
    if what == "fork bomb":
        return bool(stats["pids_stats"]["current"] > 0.9 * stats["pids_stats"]["limit"])
    return bool(stats["memory_stats"]["usage"] > 0.5 * stats["memory_stats"]["limit"])


def assert_stoppable(faulty_deployment: FaultyDeployment, wild: Person) -> None:
    """Their person, or the administrator, stops the lab as any other."""
    assert faulty_deployment.ask("DELETE", wild.name).status_code in (202, 204)
    until(lambda: wild.name not in faulty_deployment.servers(), "the wild lab is stopped")
    until(lambda: wild.name not in faulty_deployment.containers(), "its container is gone")
