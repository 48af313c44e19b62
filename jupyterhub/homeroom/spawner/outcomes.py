"""What became of starts and of labs' memory, told to whoever counts it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one start ended.

    :param waited_seconds: in the queues, for GPUs, memory and CPUs.
    :param took_seconds: from being asked for until the lab answered, or the start failed.
    :param failure: why there is no lab, in one word; empty: there is one.
    """

    waited_seconds: float = 0.0
    took_seconds: float = 0.0
    failure: str = ""


@dataclass(frozen=True)
class MemoryKill:
    """Something was killed in a lab whose memory was full; told once of each lab."""


Listener = Callable[[Outcome | MemoryKill], None]
_listeners: list[Listener] = []


def tell_to(listener: Listener) -> None:
    """Have a function told of each outcome from now on. It waits for nothing."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(outcome: Outcome | MemoryKill) -> None:
    """Tell all who count. What one of them fails at is no start's fault."""
    for listener in _listeners:
        try:
            listener(outcome)
        except Exception:  # of whatever kind
            log.exception("The end of a start could not be counted")


@dataclass
class Stopwatch:
    """The times of one start, which is told of once it was not refused at the door."""

    _began: float = 0.0
    _served: float = 0.0

    def begin(self) -> None:
        """The start was decided on, and goes into the queue."""
        self._began = time.monotonic()

    def serve(self) -> None:
        """There is room for it."""
        self._served = time.monotonic()

    def end(self, failure: str = "") -> None:
        """The lab answers, or there is none for this reason."""
        now = time.monotonic()
        if self._began:
            waited = (self._served or now) - self._began
            tell(Outcome(waited_seconds=waited, took_seconds=now - self._began, failure=failure))


def failure_of(error: BaseException) -> str:
    """Why a start failed, in one word."""
    if isinstance(error, TimeoutError):
        return "timeout"
    return str(getattr(error, "reason", "") or "error")
