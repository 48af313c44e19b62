"""Kernels that go first when memory runs out, and a page's connection to them that says so."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager

from homeroom_lab import kernel_trouble, own_packages, search_path
from homeroom_lab.memory import FIRST_TO_GO, bus_error, explanation, kills, shared_bytes
from homeroom_lab.missed import Missed
from homeroom_lab.prestarted_kernel import prestarted
from homeroom_lab.runs import Runs, most_bytes

ASKED_EVERY_SECONDS = 0.05
ASKED_AT_FIRST = 10
LARGEST_CELL_BYTES = 2**20
"""What a larger cell writes unseen is not kept."""
PAGES_PROTOCOL = "v1.kernel.websocket.jupyter.org"
"""How JupyterLab's page speaks; who speaks otherwise is no page that asks for what it missed."""
ENDED = "The kernel ended before this cell did, while no page was open. It started again with no variables."


class LabKernels(AsyncMappingKernelManager):
    """The lab's kernels; of what they send while no page is connected, only so much is kept."""

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, Any]) -> None:
        """Keep what a kernel sends from now on for a page that comes back with this session."""
        super().start_buffering(kernel_id, session_key, channels)
        if kernel_id in self._kernel_buffers:
            self._kernel_buffers[kernel_id]["buffer"] = Missed(self.get_kernel(kernel_id).session, most_bytes())


class FrugalKernelManager(ServerKernelManager):
    """Starts kernels as the first to go when memory runs out, and knows when one did; tells why one does not start."""

    kills_at_start = 0
    launched: tuple[list[str], dict[str, Any]] | None = None
    """What was started last, and how."""
    is_told = False
    """Whether it was told why it ended before it was ready; it is started a few times more."""
    _recorder: Any = None

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.runs = Runs()

    def record(self) -> None:
        """Keep what cells write from now on, for pages that are not there to see it."""
        if self._recorder is None:
            self._recorder = self.connect_iopub()
            self._recorder.on_recv(self._record)

    def _record(self, parts: list[bytes]) -> None:
        _, (_, *message) = self.session.feed_identities(parts)
        header, parent = map(self.session.unpack, message[:2])
        if self.runs.want(header, parent):
            self.runs.record(header["msg_type"], parent["msg_id"], (message[0], message[2], message[3]))

    def _stop_recording(self) -> None:
        if self._recorder:
            self._recorder.close()
        self._recorder = None

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        if not restart:
            self._stop_recording()
        await super()._async_cleanup_resources(restart=restart)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **kw: Any) -> None:
        self.kills_at_start = kills()
        self.execution_state = "starting"
        command = [*FIRST_TO_GO, *kernel_cmd]
        kw["env"] = search_path.of_kernel(kernel_cmd, kw.get("env", dict(os.environ)))
        own_packages.have_place()
        self.launched = (command, kw)
        if not (type(self.provisioner) is LocalProvisioner and self._take_prestarted(command, **kw)):
            await super()._async_launch_kernel(command, **kw)

    async def restart_kernel(self, *args: Any, **kw: Any) -> None:
        """Restart; where the kernel ended before it was ready, tell its owner why, once until they restart it."""
        failed = bool(self.launched and self.exit_code and self.execution_state == "starting" and not self.why_ended())
        if self.launched and failed and not self.is_told:
            await self._tell_why(*self.launched)
        self.is_told = failed and kw.get("now", False)
        self._end_runs()
        await super().restart_kernel(*args, **kw)
        if self._recorder:  # the kernel may have other ports now
            self._stop_recording()
            self.record()

    def _end_runs(self) -> None:
        """A user who restarts a kernel knows what that ends; one who was away when it ended by itself is told."""
        if self.exit_code is None:
            self.runs.clear()
            return
        content = {"name": "stderr", "text": f"{self.why_ended() or ENDED}\n"}
        said = self.session.msg("stream", content)
        self.runs.end((self.session.pack(said["header"]), b"{}", self.session.pack(content)))

    async def _tell_why(self, command: list[str], options: dict[str, Any]) -> None:
        try:
            said = await asyncio.to_thread(kernel_trouble.listen, command, options["env"], options.get("cwd"))
            name = self.kernel_spec.display_name
            kernel_trouble.tell(self.event_logger, kernel_trouble.event(name, said, str(Path.home())))
        except Exception:
            self.log.warning("Why a kernel ended could not be told", exc_info=True)

    def _take_prestarted(self, command: list[str], env: dict[str, str], cwd: str | None = None, **more: Any) -> bool:
        """Have the prestarted kernel be this kernel. Returns whether it is."""
        process = None if more else prestarted.become(command, env, cwd or str(Path.cwd()))
        if process:
            here = self.provisioner
            here.process, here.pid, here.pgid, here.cwd = process, process.pid, process.pid, cwd
        return process is not None

    def why_ended(self) -> str:
        """Why this kernel is gone, in words for its user, where memory is the reason: the lab's ran out, or what it
        shares was full. Empty where it is another."""
        if self.exit_code == -signal.SIGKILL and kills() > self.kills_at_start:
            return explanation(os.environ.get("MEM_LIMIT", ""))
        return bus_error(shared_bytes()) if self.exit_code == -signal.SIGBUS else ""

    @property
    def exit_code(self) -> int | None:
        """With what the kernel's process ended; None: it runs, or there is none."""
        process = getattr(self.provisioner, "process", None)
        return getattr(process, "returncode", None)


class TellingConnection(ZMQChannelsWebsocketConnection):
    """A page's connection to a kernel, quick to open, that tells below the cell that ran that memory ran out."""

    running: dict[str, Any] | None = None

    def nudge(self) -> asyncio.Future[None]:
        """Ask the kernel until something of what it publishes comes, often at first.

        Upstream asks every half second. The first answer of a kernel that is there at once is published before
        there is a subscriber, and half a second would be waited for the next.
        """
        answered: asyncio.Future[None] = super().nudge()
        self._asking = asyncio.ensure_future(self._ask_often(answered))
        return answered

    async def _ask_often(self, answered: asyncio.Future[None]) -> None:
        channel = self.kernel_manager.connect_control()
        try:
            for _ in range(ASKED_AT_FIRST):
                await asyncio.wait([answered], timeout=ASKED_EVERY_SECONDS)
                if answered.done():
                    break
                self.session.send(channel, "kernel_info_request")
        finally:
            channel.close()

    def connect(self) -> Any:
        """Connect a page, which sees what is written from now on."""
        if self._runs:
            self.kernel_manager.record()
            self._runs.pages.add(self.session_id)
            waiting = self.multi_kernel_manager._kernel_buffers.get(self.kernel_id)
            if waiting and waiting["session_key"] == self.session_key:
                self._runs.seen(self.session_id)
        return super().connect()

    def disconnect(self) -> Any:
        """A page is gone; unless another connection of its own has taken this one's place."""
        if self._runs and self._open_sessions.get(self.session_key) in (None, self.websocket_handler):
            self._runs.pages.discard(self.session_id)
        return super().disconnect()

    @property
    def _runs(self) -> Runs | None:
        found: Runs | None = getattr(self.kernel_manager, "runs", None)
        return found

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Remember which cell an execution is of; then pass it on."""
        if self._runs and self.subprotocol == PAGES_PROTOCOL and len(incoming_msg) <= LARGEST_CELL_BYTES:
            channel, (header, _, metadata, content, *_) = deserialize_msg_from_ws_v1(incoming_msg)
            if channel == "shell" and (head := self.session.unpack(header))["msg_type"] == "execute_request":
                cell = self.session.unpack(metadata).get("cellId")
                if cell:
                    code = self.session.unpack(content).get("code", "")
                    self._runs.begin(head["msg_id"], self.session_id, cell, code)
        super().handle_incoming_message(incoming_msg)

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Remember which request the kernel runs, by what it tells all pages when it begins; then pass that on."""
        if (stream if isinstance(stream, str) else stream.channel) == "iopub":
            _, (_, header, parent, *_) = self.session.feed_identities(outgoing_msg)
            if self.session.unpack(header)["msg_type"] == "execute_input":
                self.running = self.session.unpack(parent)
        super().handle_outgoing_message(stream, outgoing_msg)

    def on_kernel_restarted(self) -> None:
        """Say why, while the page still waits for the cell; then that the kernel restarts."""
        why = self.kernel_manager.why_ended() if isinstance(self.kernel_manager, FrugalKernelManager) else ""
        if self.running and why:
            self.write_stderr(why, self.running)
        self.running = None
        super().on_kernel_restarted()
