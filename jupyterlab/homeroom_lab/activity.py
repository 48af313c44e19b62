"""What counts as activity, which keeps a lab: what people do and what runs for them, not a page that is merely open.

JupyterLab's page asks for kernels, sessions, terminals and directories every few seconds while it is in view. All of
that is GET; whatever a person does in it changes something, and is not. A cell that runs counts until it ends, also
when it prints nothing; the kernels' messages and the terminals count as they do in any Jupyter server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def is_deed(method: str) -> bool:
    """Whether a request of this method is something that a person did."""
    return method not in LOOKING


def is_busy(kernels: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a cell runs in one of these kernels (models, as the server's API gives them)."""
    return any(kernel["execution_state"] == "busy" for kernel in kernels)


def last_activity(earlier: Callable[[], datetime], kernels: Callable[[], Iterable[Mapping[str, Any]]]) -> datetime:
    """When something last ran or was done: now, while a cell runs."""
    return datetime.now(UTC) if is_busy(kernels()) else earlier()


def install(web_app: Any) -> None:
    """Make a server count by these rules."""
    from jupyter_server.base.handlers import APIHandler

    earlier, manager = web_app.last_activity, web_app.settings["kernel_manager"]
    web_app.last_activity = lambda: last_activity(earlier, manager.list_kernels)

    count = APIHandler.update_api_activity

    def count_deeds(handler: Any) -> None:
        if is_deed(handler.request.method):
            count(handler)

    APIHandler.update_api_activity = count_deeds
