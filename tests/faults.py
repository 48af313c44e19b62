"""What tests of faults share: a process killed, a condition waited for, times told at the end of the run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.hub_deployment import HubDeployment

RECOVERIES: list[str] = []
"""What was measured, in order; pytest's summary shows it."""


@contextmanager
def recovery(what: str) -> Iterator[None]:
    """Measure how long the block takes: begin it with the fault, end it when all is well again."""
    began = time.monotonic()
    yield
    measured(f"recovered in {time.monotonic() - began:.1f} s: {what}")


def measured(line: str) -> None:
    """Keep a line for the end of the run."""
    RECOVERIES.append(line)
    print(line)


def until(condition: Callable[[], Any], what: str, *, seconds: float = 120.0, interval: float = 0.05) -> Any:
    """Wait until a condition holds and return what it gave; an AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(interval)
    return found


def until_logged(read: Callable[[], bytes], *texts: str) -> None:
    """Wait until a container's log has all of these: an engine writes it a moment after it was said."""
    until(lambda: all(text in read().decode() for text in texts), f"the log has {texts}", interval=0.2)


def kill(deployment: HubDeployment, service: str) -> None:
    """End a service's process as a crash would; the engine's restart policy brings it back."""
    process = deployment.container(service).attrs["State"]["Pid"]
    os.kill(process, signal.SIGKILL)  # an engine does not restart what its own `kill` stopped


def healthy(deployment: HubDeployment, service: str) -> bool:
    """Whether a service's healthcheck passes."""
    state = deployment.container(service).attrs["State"]
    return bool(state["Running"] and state["Health"]["Status"] == "healthy")


def until_healthy(deployment: HubDeployment, *services: str) -> None:
    """Wait until services' healthchecks pass."""
    for service in services:
        until(lambda service=service: healthy(deployment, service), f"{service} is healthy")  # type: ignore[misc]
