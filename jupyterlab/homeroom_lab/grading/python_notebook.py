"""Running a notebook with a kernel for Python that is a fork of this process: the same outputs as with a kernel that
nbclient starts, without its start.

It speaks the kernel's protocol itself, by sockets in memory: nbclient and nbformat are in the server's Python, not in
the notebooks'.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import secrets
import signal
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = (
    "ipykernel.kernelapp",
    "IPython.core.completerlib",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "jupyter_client.session",
    "psutil",
    "sqlite3",
    "tornado.platform.asyncio",
)
"""With what these bring along: what a kernel has imported when it runs its first cell."""
START_SECONDS = 60.0
CHECK_SECONDS = 1.0
MOST_OF_CELL_BYTES = 4 << 20
MOST_BYTES = 20 << 20
MOST_OUTPUTS = 1000
"""Of one cell; what is more is left out, and said."""
KEEP_TYPES = {
    "execute_result": ("data", "metadata", "execution_count"),
    "display_data": ("data", "metadata"),
    "stream": ("name", "text"),
    "error": ("ename", "evalue", "traceback"),
}
"""The fields of an output, by its kind, as nbformat has them."""
LAST_SCORE = "1000"
LEFT_OUT = "\n(What came after this was too much, and is left out.)\n"


def import_ahead() -> None:
    """Import what kernels do."""
    with contextlib.redirect_stderr(io.StringIO()):
        for module in MODULES:
            with contextlib.suppress(Exception):
                import_module(module)


def run(cells: list[tuple[int, str]], order: dict[str, Any], writing: int) -> None:
    """Run the cells, and write what each brought as a line of JSON; at last `ended`, unless the kernel died."""
    place = Path("/dev/shm", secrets.token_hex(8))  # noqa: S108 - the container's own
    place.mkdir(mode=0o700)
    connection = {
        "transport": "ipc",
        "ip": str(place / "k"),
        **{f"{name}_port": number + 1 for number, name in enumerate(("shell", "iopub", "stdin", "control", "hb"))},
        "key": secrets.token_hex(16),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "python3",
    }
    file = place / "kernel.json"
    file.write_text(json.dumps(connection), encoding="utf-8")
    kernel = os.fork()
    if kernel == 0:
        os.close(writing)
        be_kernel(file)
    with os.fdopen(writing, "w", encoding="utf-8") as out:

        def tell(**line: Any) -> None:
            out.write(json.dumps(line) + "\n")
            out.flush()

        client = Client(connection, kernel, order)
        try:
            client.begin()
            for index, source in cells:
                tell(cell=index, **client.execute(source))
                if client.unresponsive:
                    tell(trouble={"why": "unresponsive"})
                    return
            tell(trouble={"why": "output"} if client.left_out else None, ended=True)
        except KernelDied as died:
            if client.outputs:
                tell(cell=client.index_of(cells), outputs=client.outputs, execution_count=client.execution_count)
            tell(trouble={"why": died.why})


def be_kernel(file: Path) -> None:
    """Be a kernel, to its end."""
    os.setsid()
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(LAST_SCORE, encoding="ascii")
    empty = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(empty, number)
    for name in [name for name in sys.modules if name.startswith("homeroom_lab")]:
        del sys.modules[name]
    sys.argv = ["ipykernel_launcher.py", "-f", str(file), "--HistoryManager.hist_file=:memory:"]
    try:
        runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
    finally:
        os._exit(1)


class KernelDied(Exception):
    """The kernel is gone, or never came."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Client:
    """One kernel's client, for cells that are run one after the other.

    :param kernel: its process.
    :param order: `timeout_seconds` of a cell (None: no end), `interrupt`, `idle_seconds` for which outputs are waited
        for after a cell, and `error_on_timeout`, the error that a cell has then.
    """

    def __init__(self, connection: dict[str, Any], kernel: int, order: dict[str, Any]) -> None:
        import zmq
        from jupyter_client.session import Session

        self._zmq = zmq
        self._kernel = kernel
        self._order = order
        self._session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
        context = zmq.Context()
        self._shell = context.socket(zmq.DEALER)
        self._iopub = context.socket(zmq.SUB)
        self._iopub.setsockopt(zmq.RCVHWM, 0)
        self._iopub.subscribe(b"")
        self._shell.connect(f"ipc://{connection['ip']}-{connection['shell_port']}")
        self._iopub.connect(f"ipc://{connection['ip']}-{connection['iopub_port']}")
        self._poller = zmq.Poller()
        for each in (self._shell, self._iopub):
            self._poller.register(each, zmq.POLLIN)
        self._bytes = self._cell_bytes = 0
        self._cut = False
        self._displays: dict[str, list[dict[str, Any]]] = {}
        self._clear = False
        self.outputs: list[dict[str, Any]] = []
        self.execution_count: int | None = None
        self.number = -1
        self.left_out = False
        self.unresponsive = False

    def index_of(self, cells: list[tuple[int, str]]) -> int:
        """The place in its notebook of the cell that runs."""
        return cells[self.number][0]

    def begin(self) -> None:
        """Wait until the kernel answers, and what it publishes is heard. :raises KernelDied: it does not."""
        ends = time.monotonic() + START_SECONDS
        answered = heard = False
        asked = 0.0
        while not (answered and heard):
            now = time.monotonic()
            if now > ends:
                raise KernelDied("start")
            if now - asked > 0.05:
                self._session.send(self._shell, "kernel_info_request", {})
                asked = now
            for channel, _ in self._messages(20):
                answered |= channel is self._shell
                heard |= channel is self._iopub

    def execute(self, source: str) -> dict[str, Any]:
        """Run one cell. :raises KernelDied: it ended the kernel."""
        self.number += 1
        self.outputs, self.execution_count, self._clear, self._cell_bytes = [], None, False, 0
        self._cut = False
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        sent = self._session.send(self._shell, "execute_request", content)["header"]["msg_id"]
        limit = self._order.get("timeout_seconds")
        ends = time.monotonic() + limit if limit and limit > 0 else None
        reply: dict[str, Any] | None = None
        idle = False
        while not (reply and idle):
            for channel, message in self._messages(CHECK_SECONDS * 1000 if ends is None else 100):
                if message["parent_header"].get("msg_id") != sent:
                    continue
                if channel is self._shell:
                    reply = reply or message["content"]
                    ends = time.monotonic() + self._order.get("idle_seconds", 4)
                elif message["msg_type"] == "status":
                    idle |= message["content"].get("execution_state") == "idle"
                else:
                    self._take(message)
            if ends is not None and time.monotonic() > ends and not (reply and idle):
                if reply is not None or not self._order.get("interrupt", True):
                    self.unresponsive = True
                    reply = reply or self._late()
                    break
                os.killpg(self._kernel, signal.SIGINT)
                reply = self._late()
                ends = time.monotonic() + self._order.get("idle_seconds", 4)
        self._close(reply or {})
        return {"outputs": self.outputs, "execution_count": self.execution_count}

    def _late(self) -> dict[str, Any]:
        usual = {"ename": "CellTimeoutError", "evalue": "", "traceback": ["No reply from kernel before timeout"]}
        return {"status": "error", **(self._order.get("error_on_timeout") or usual)}

    def _close(self, reply: dict[str, Any]) -> None:
        """What a cell has that was not published: an error that its reply alone tells."""
        names = [each["ename"] for each in self.outputs if each["output_type"] == "error"]
        if reply.get("status") == "error" and reply.get("ename") not in names:
            told = reply.get("traceback") or ["ERROR: An error occurred while showtraceback was disabled"]
            self.outputs.append(
                {
                    "output_type": "error",
                    "ename": str(reply.get("ename", "Error")),
                    "evalue": str(reply.get("evalue", "")),
                    "traceback": [str(line) for line in told],
                }
            )

    def _messages(self, milliseconds: float) -> list[tuple[Any, dict[str, Any]]]:
        """What came within a time. :raises KernelDied: nothing did, and nothing will."""
        found: list[tuple[Any, dict[str, Any]]] = []
        for channel, _ in self._poller.poll(milliseconds):
            for _ in range(100):
                try:
                    parts = channel.recv_multipart(self._zmq.NOBLOCK)
                except self._zmq.Again:
                    break
                with contextlib.suppress(ValueError):  # what is not signed is not the kernel's
                    _, parts = self._session.feed_identities(parts)
                    found.append((channel, self._session.deserialize(parts)))
        if not found and os.waitpid(self._kernel, os.WNOHANG)[0]:
            raise KernelDied("died")
        return found

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        if "execution_count" in content:
            self.execution_count = content["execution_count"]
        display = (content.get("transient") or {}).get("display_id")
        if display and kind in ("execute_result", "display_data", "update_display_data"):
            for shown in self._displays.get(display, ()):
                shown["data"], shown["metadata"] = content["data"], content["metadata"]
        if kind == "clear_output":
            self._clear = bool(content.get("wait"))
            if not self._clear:
                self.outputs.clear()
        elif kind in KEEP_TYPES:
            self._keep(kind, content, display)

    def _keep(self, kind: str, content: dict[str, Any], display: str | None) -> None:
        if self._clear:
            self.outputs.clear()
            self._clear = False
        size, left = len(json.dumps(content)), min(MOST_OF_CELL_BYTES - self._cell_bytes, MOST_BYTES - self._bytes)
        self._cell_bytes += size
        self._bytes += size
        last = self.outputs[-1] if self.outputs else {}
        joined = kind == "stream" and last.get("name") == content["name"] and last["output_type"] == "stream"
        full = len(self.outputs) >= MOST_OUTPUTS and not joined
        if kind != "error" and (full or size > left):
            self._leave_out(content if kind == "stream" and not full else None, left)
        elif joined:
            last["text"] += content["text"]
        else:
            made = {"output_type": kind, **{name: content.get(name) for name in KEEP_TYPES[kind]}}
            self.outputs.append(made)
            if display:
                self._displays.setdefault(display, []).append(made)

    def _leave_out(self, stream: dict[str, Any] | None, left: int) -> None:
        """Keep the beginning of what is too much, and say that it is only this."""
        self.left_out = True
        if not self._cut:
            self._cut = True
            if stream and left > 0:
                self.outputs.append({"output_type": "stream", "name": stream["name"], "text": stream["text"][:left]})
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": LEFT_OUT})
