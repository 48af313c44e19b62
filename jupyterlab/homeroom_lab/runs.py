"""What cells wrote while no page was there to see it, for the page that comes next.

A page that is reloaded is a new session to the server, and upstream throws away what the kernel wrote for the old one.
Here the output of cells that run is kept, and of those that ended unseen. The next page asks for it by its kernel,
shows it below the cells it belongs to, and is from then on the one that sees the rest.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from homeroom_lab.file_sizes import memory_bytes

SHARE_OF_MEMORY = 128
LEAST_BYTES = 2**20
MOST_BYTES = 8 * 2**20
OF_A_MESSAGE_BYTES = 512
"""What a message takes beyond its text."""
MOST_RUNS = 1000
LONGEST_CODE = 10_000
"""A longer cell is known by its id alone."""
OUTPUT = frozenset({"clear_output", "display_data", "error", "execute_result", "stream", "update_display_data"})
"""Types of the messages that make a cell's output."""

Message = Mapping[str, Any]
Parts = tuple[bytes, bytes, bytes]
"""A message's header, metadata and content, as the kernel sent them."""


def most_bytes(environment: Mapping[str, str] = os.environ) -> int:
    """How much of the output of one kernel's cells is kept."""
    return min(MOST_BYTES, max(LEAST_BYTES, (memory_bytes(environment) or 0) // SHARE_OF_MEMORY))


@dataclass
class Run:
    """One execution of a cell.

    :param session: the page's that sees its output.
    :param count: its number, once it has begun.
    :param done: the kernel has ended it.
    :param cut: the beginning of what it wrote is not kept.
    """

    message_id: str
    session: str
    cell_id: str
    code: str
    output: deque[Parts] = field(default_factory=deque)
    size_bytes: int = 0
    count: int | None = None
    done: bool = False
    cut: bool = False
    _clears_next: bool = False

    def add(self, parts: Parts) -> None:
        """Keep a message of its output."""
        if self._clears_next:
            self._clear()
        self.output.append(parts)
        self.size_bytes += _size_bytes(parts)

    def clear(self, *, wait: bool) -> None:
        """The cell takes back what it wrote, at once or with its next output: it need not be kept."""
        self._clears_next = wait
        if not wait:
            self._clear()

    def _clear(self) -> None:
        self.output.clear()
        self.size_bytes, self.cut, self._clears_next = 0, False, False

    def forget_first(self) -> None:
        """Give up the oldest of its output."""
        self.size_bytes -= _size_bytes(self.output.popleft())
        self.cut = True

    def as_json(self) -> dict[str, Any]:
        """What the page is told."""
        told = {"message_id": self.message_id, "cell_id": self.cell_id, "code": self.code, "count": self.count}
        return {**told, "done": self.done, "cut": self.cut, "messages": [self._message(parts) for parts in self.output]}

    def _message(self, parts: Parts) -> dict[str, Any]:
        header, metadata, content = map(json.loads, parts)
        about = {"channel": "iopub", "parent_header": {"msg_id": self.message_id}, "buffers": []}
        return {**about, "header": header, "metadata": metadata, "content": content}


def _size_bytes(parts: Parts) -> int:
    return OF_A_MESSAGE_BYTES + sum(map(len, parts))


class Runs:
    """The executions of one kernel that some page has yet to see the end of."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self.pages: set[str] = set()
        """The sessions of the pages that are connected."""

    def begin(self, message_id: str, session: str, cell_id: str, code: str) -> None:
        """A page asks for an execution; what the same cell did before is over."""
        for one in [each.message_id for each in self._runs.values() if each.cell_id == cell_id]:
            del self._runs[one]
        if len(self._runs) < MOST_RUNS:
            self._runs[message_id] = Run(message_id, session, cell_id, code if len(code) <= LONGEST_CODE else "")

    def want(self, header: Message, parent: Message) -> bool:
        """Whether a message of the kernel's is about one of the executions."""
        return parent.get("msg_id") in self._runs and header["msg_type"] in {"execute_input", "status", *OUTPUT}

    def record(self, kind: str, message_id: str, parts: Parts) -> None:
        """The kernel has published something that is wanted, about this execution."""
        run = self._runs[message_id]
        if kind == "status":
            if json.loads(parts[2]).get("execution_state") == "idle":
                self._end(run)
        elif kind == "execute_input":
            run.count = json.loads(parts[2]).get("execution_count")
        elif kind == "clear_output":
            run.clear(wait=bool(json.loads(parts[2]).get("wait")))
        else:
            run.add(parts)
            self._make_room()

    def _make_room(self) -> None:
        excess_bytes = sum(run.size_bytes for run in self._runs.values()) - most_bytes()
        for run in self._runs.values():
            while run.output and excess_bytes > 0:
                before = run.size_bytes
                run.forget_first()
                excess_bytes -= before - run.size_bytes

    def claim(self, session: str) -> list[Run]:
        """The executions whose page is gone, which this one sees to from now on."""
        found = [run for run in self._runs.values() if run.session not in self.pages or run.session == session]
        for run in found:
            run.session = session
            if run.done:
                del self._runs[run.message_id]
        return found

    def seen(self, session: str) -> None:
        """A page that was away for a moment has been given by upstream what it missed."""
        for run in [each for each in self._runs.values() if each.done and each.session == session]:
            del self._runs[run.message_id]

    def end(self, why: Parts) -> None:
        """The kernel ended by itself; pages that are not there read why, below each cell that did."""
        for run in [each for each in self._runs.values() if not each.done]:
            run.add(why)
            self._end(run)

    def clear(self) -> None:
        """The kernel starts again, as a user has asked for."""
        self._runs.clear()

    def _end(self, run: Run) -> None:
        run.done = True
        if run.session in self.pages:
            del self._runs[run.message_id]
