"""What counts as activity, which keeps a lab: what people do and what runs for them, not a page that is merely open.

JupyterLab's page asks for kernels, sessions, terminals and directories every few seconds while it is in view. All of
that is GET; whatever a user does in it changes something, and is not. A cell that runs counts until it ends, also
when it prints nothing; the kernels' messages and the terminals count as they do in any Jupyter server. So does a
program that waits for what runs for it elsewhere, as grading does.

With the feature `collaboration` what people type goes through a websocket that the server does not count, and is saved
by the server itself. There an edit counts, and not the sign of life that each open page sends every few seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from typing import Any

from homeroom_lab import waits
from homeroom_lab.processes import Watch

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
EDIT = b"\x00\x02"
"""How a change of a shared document begins: sync, update. https://github.com/yjs/y-protocols/blob/master/PROTOCOL.md"""


def is_deed(method: str) -> bool:
    """Whether a request of this method is something that a user did."""
    return method not in LOOKING


def is_edit(message: str | bytes) -> bool:
    """Whether what a page sends about a shared document changes it."""
    return isinstance(message, bytes) and message.startswith(EDIT)


def is_busy(kernels: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a cell runs in one of these kernels (models, as the server's API gives them)."""
    return any(kernel["execution_state"] == "busy" for kernel in kernels)


def last_activity(
    earlier: Callable[[], datetime],
    kernels: Callable[[], Iterable[Mapping[str, Any]]],
    programs_idle_seconds: Callable[[], float | None],
    waits_for_run: Callable[[], bool],
) -> datetime:
    """When something last ran or was done: now, while a cell runs, or a program uses the CPU or waits for a run.

    :param programs_idle_seconds: as `Watch.idle_seconds`.
    :param waits_for_run: as `waits.are_any`.
    """
    now = datetime.now(UTC)  # before looking, which takes its time: nothing is told as later than it was
    idle = programs_idle_seconds()
    if is_busy(kernels()) or waits_for_run():
        return now
    return earlier() if idle is None else max(earlier(), now - timedelta(seconds=idle))


def install(web_app: Any) -> None:
    """Make a server count by these rules."""
    from jupyter_server.base.handlers import APIHandler

    earlier, manager = web_app.last_activity, web_app.settings["kernel_manager"]
    watch = Watch()
    web_app.last_activity = lambda: last_activity(earlier, manager.list_kernels, watch.idle_seconds, waits.are_any)

    count = APIHandler.update_api_activity

    def count_deeds(handler: Any) -> None:
        if is_deed(handler.request.method):
            count(handler)

    APIHandler.update_api_activity = count_deeds
    if find_spec("jupyter_server_ydoc"):
        _count_edits(web_app.settings["last_activity_times"])


def _count_edits(times: dict[str, datetime]) -> None:
    """Have shared documents tell when they were last edited."""
    from jupyter_server_ydoc.handlers import YDocWebSocketHandler

    receive = YDocWebSocketHandler.on_message

    async def count_and_receive(handler: Any, message: str | bytes) -> None:
        if is_edit(message):
            times["homeroom_edit"] = datetime.now(UTC)
        await receive(handler, message)

    YDocWebSocketHandler.on_message = count_and_receive
