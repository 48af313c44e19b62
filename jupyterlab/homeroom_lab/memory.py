"""A lab that runs out of memory: its kernels go first, never the server, and the person is told why in the cell.

The kernel of the operating system ends the process with the highest score. Notebooks' kernels are started with the
highest there is; the server keeps its own, so that the lab, its other kernels and its files stay reachable.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

FIRST_TO_GO = ["/usr/bin/choom", "--adjust", "1000", "--"]
COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


def kills_in(text: str) -> int:
    """The number after `oom_kill` in `memory.events` (cgroup v2) or `memory.oom_control` (v1); 0 where it is not."""
    pairs = dict(line.split(maxsplit=1) for line in text.splitlines() if " " in line)
    return int(pairs.get("oom_kill", 0))


def kills() -> int:
    """How many processes of this lab were ended for memory, so far."""
    for counter in COUNTERS:
        if counter.exists():
            return kills_in(counter.read_text(encoding="ascii"))
    return 0


def explanation(limit: str) -> str:
    """What the person reads below the cell; `limit` is MEM_LIMIT, in bytes or empty."""
    has = f" ({int(limit) / 2**20:,.0f} MB)" if limit.isdigit() else ""
    return (
        f"\nOut of memory: this notebook's kernel needed more memory than this lab has{has}, so it was stopped.\n"
        "It starts again with no variables. Files and other notebooks are not touched.\n"
        "To get on: load less data at a time, shut down kernels you do not need, or choose a larger lab.\n"
    )


class FrugalKernelManager(ServerKernelManager):
    """Starts kernels as the first to go when memory runs out, and knows when one did."""

    kills_at_start = 0

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        self.kills_at_start = kills()
        await super()._async_launch_kernel([*FIRST_TO_GO, *kernel_cmd], **kw)

    @property
    def ended_for_memory(self) -> bool:
        """Whether this kernel is gone because memory ran out."""
        process = getattr(self.provisioner, "process", None)
        code = getattr(process, "returncode", None)
        return code == -signal.SIGKILL and kills() > self.kills_at_start


class TellingConnection(ZMQChannelsWebsocketConnection):
    """A page's connection to a kernel that tells, below the cell that ran, that memory ran out."""

    running: dict[str, Any] | None = None

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Remember which request runs, then pass it on."""
        header = self._header(incoming_msg)
        if header.get("msg_type") == "execute_request":
            self.running = header
        super().handle_incoming_message(incoming_msg)

    def _header(self, message: Any) -> dict[str, Any]:
        try:
            if self.subprotocol == "v1.kernel.websocket.jupyter.org":
                _, parts = deserialize_msg_from_ws_v1(message)
                found: dict[str, Any] = self.session.unpack(parts[0])
            else:
                found = json.loads(message)["header"] if isinstance(message, str) else {}
        except (ValueError, KeyError, IndexError):  # the server itself says what is wrong with it
            return {}
        return found

    def on_kernel_restarted(self) -> None:
        """Say why, while the page still waits for the cell; then that the kernel restarts."""
        if self.running and getattr(self.kernel_manager, "ended_for_memory", False):
            self.write_stderr(explanation(os.environ.get("MEM_LIMIT", "")), self.running)
        self.running = None
        super().on_kernel_restarted()
